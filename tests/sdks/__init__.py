"""The client libraries: what can be tried without a service, and the scenarios against one."""
