# Literal values of containers, of which the scanner shows what they look like. Most look like nothing, and are left out here.
package kubemuster.lib.literals

environment contains variable if {
	some container in input.workload.containers
	some i, v in container.spec.env
	v.value != "<plain>"
	variable := {"container": container.name, "path": sprintf("%s.env[%d].value", [container.path, i]), "name": v.name, "class": v.value}
}

# The name of an argument is the flag that it gives a value to: its own, or the argument before it.
arguments contains argument if {
	some container in input.workload.containers
	some i, text in container.spec.command
	contains(text, "<")
	argument := {
		"container": container.name,
		"path": sprintf("%s.command", [container.path]),
		"field": "command",
		"text": text,
		"name": flag(text, before(container.spec.command, i)),
	}
}

arguments contains argument if {
	some container in input.workload.containers
	some i, text in container.spec.args
	contains(text, "<")
	argument := {
		"container": container.name,
		"path": sprintf("%s.args", [container.path]),
		"field": "args",
		"text": text,
		"name": flag(text, before(container.spec.args, i)),
	}
}

flag(text, _) := split(text, "=")[0] if contains(text, "=")

flag(text, previous) := previous if not contains(text, "=")

before(list, i) := list[i - 1] if i > 0

before(_, 0) := ""
