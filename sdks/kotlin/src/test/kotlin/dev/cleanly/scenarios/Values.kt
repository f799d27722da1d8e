// Values of a scenario: plain maps, lists, words and numbers, as YAML and JSON both have them.
package dev.cleanly.scenarios

import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull
import kotlinx.serialization.json.doubleOrNull
import kotlinx.serialization.json.longOrNull

private val NAME = Regex("\\$([a-zA-Z]+)")

@Suppress("UNCHECKED_CAST")
fun fieldsOf(value: Any?): Map<String, Any?> = (value ?: emptyMap<String, Any?>()) as Map<String, Any?>

fun itemsOf(value: Any?): List<Any?> = (value ?: emptyList<Any?>()) as List<Any?>

fun toJson(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is JsonElement -> value
    is Map<*, *> -> JsonObject(value.entries.associate { (name, inner) -> name.toString() to toJson(inner) })
    is List<*> -> JsonArray(value.map(::toJson))
    is Number -> JsonPrimitive(value)
    is Boolean -> JsonPrimitive(value)
    else -> JsonPrimitive(value.toString())
}

fun fromJson(element: JsonElement): Any? = when (element) {
    is JsonNull -> null
    is JsonObject -> element.mapValues { fromJson(it.value) }
    is JsonArray -> element.map(::fromJson)
    is JsonPrimitive ->
        if (element.isString) element.content
        else element.booleanOrNull ?: element.longOrNull ?: element.doubleOrNull
}

/** With the names that are known in the place of `$name`; alone it keeps its type, inside a text it is text. */
fun filled(value: Any?, known: Map<String, Any?>): Any? = when (value) {
    is String -> NAME.matchEntire(value)?.let { known.of(it.groupValues[1]) }
        ?: NAME.replace(value) { known.of(it.groupValues[1]).toString() }
    is Map<*, *> -> value.entries.associate { (name, inner) -> filled(name.toString(), known).toString() to filled(inner, known) }
    is List<*> -> value.map { filled(it, known) }
    else -> value
}

private fun Map<String, Any?>.of(name: String): Any? = if (name in this) this[name] else error("nothing is known as $$name")

/** `prices.0.id` of an answer. */
fun at(value: Any?, path: String): Any? = path.split(".").fold(value) { inner, step ->
    when (inner) {
        is Map<*, *> -> inner[step]
        is List<*> -> inner[step.toInt()]
        else -> null
    }
}

/** Whether [found] is what was [wanted]; an object may have more. Numbers of different width are the same. */
fun fits(found: Any?, wanted: Any?): Boolean = when {
    wanted is Map<*, *> && found is Map<*, *> -> wanted.all { (name, inner) -> fits(found[name.toString()], inner) }
    wanted is Number && found is Number -> wanted.toDouble() == found.toDouble()
    else -> found == wanted
}
