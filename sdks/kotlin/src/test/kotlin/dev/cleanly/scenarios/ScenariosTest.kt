package dev.cleanly.scenarios

import java.io.File
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory
import org.yaml.snakeyaml.Yaml

/** What both SDKs must do, whatever the network does: sdks/scenarios/scenarios.yaml, against the real service. */
class ScenariosTest {
    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val file = fieldsOf(Yaml().load<Any>(File("../scenarios/scenarios.yaml").readText()))
        val wanted = System.getProperty("scenario", "")
        val found = itemsOf(file["scenarios"]).map(::fieldsOf).filter { wanted in it["name"].toString() }
        return found.flatMap { scenario ->
            val faults = if ("faults" in scenario) itemsOf(scenario["faults"]) else listOf<Any?>(null)
            faults.map { fault ->
                DynamicTest.dynamicTest(scenario["name"].toString() + (fault?.let { " ($it)" } ?: "")) {
                    val stand = Stand.shared
                    assumeTrue(stand != null, "the service can't be run here: make run, once, makes its environment")
                    runBlocking(Dispatchers.IO) {
                        Player(stand!!, scenario, fault).play(fieldsOf(file["beginnings"]), fieldsOf(file["invariants"]))
                    }
                }
            }
        }
    }
}
