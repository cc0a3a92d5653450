# Literal values of containers, of which the scanner shows what they look like. Most look like nothing, and are left out here.
package kubemuster.lib.literals

environment contains variable if {
	some container in input.workload.containers
	some i, v in container.spec.env
	v.value != "<plain>"
	variable := {"container": container.name, "path": sprintf("%s.env[%d].value", [container.path, i]), "name": v.name, "class": v.value}
}

# The name of an argument is the word that it gives a value to: the one before it in its text, or the argument before.
arguments contains argument if {
	some command in commands
	some i, text in command.list
	some found in regex.find_all_string_submatch_n(`(?:([^\s=:"']+)(?:=|:?\s+)["']?)?(<[a-z-]+>)`, text, -1)
	argument := {
		"container": command.container,
		"path": command.path,
		"field": command.field,
		"class": found[2],
		"name": name(found[1], before(command.list, i)),
	}
}

name(word, _) := word if word != ""

name("", previous) := previous

before(list, i) := list[i - 1] if i > 0

before(_, 0) := ""

commands contains command if {
	some container in input.workload.containers
	some text in container.spec.command
	contains(text, "<")
	command := {
		"container": container.name,
		"path": sprintf("%s.command", [container.path]),
		"field": "command",
		"list": container.spec.command,
	}
}

commands contains command if {
	some container in input.workload.containers
	some text in container.spec.args
	contains(text, "<")
	command := {
		"container": container.name,
		"path": sprintf("%s.args", [container.path]),
		"field": "args",
		"list": container.spec.args,
	}
}

commands contains command if {
	some container in input.workload.containers
	some text in container.spec.livenessProbe.exec.command
	contains(text, "<")
	command := {
		"container": container.name,
		"path": sprintf("%s.livenessProbe.exec.command", [container.path]),
		"field": "livenessProbe",
		"list": container.spec.livenessProbe.exec.command,
	}
}

commands contains command if {
	some container in input.workload.containers
	some text in container.spec.readinessProbe.exec.command
	contains(text, "<")
	command := {
		"container": container.name,
		"path": sprintf("%s.readinessProbe.exec.command", [container.path]),
		"field": "readinessProbe",
		"list": container.spec.readinessProbe.exec.command,
	}
}

commands contains command if {
	some container in input.workload.containers
	some text in container.spec.startupProbe.exec.command
	contains(text, "<")
	command := {
		"container": container.name,
		"path": sprintf("%s.startupProbe.exec.command", [container.path]),
		"field": "startupProbe",
		"list": container.spec.startupProbe.exec.command,
	}
}

commands contains command if {
	some container in input.workload.containers
	some text in container.spec.lifecycle.postStart.exec.command
	contains(text, "<")
	command := {
		"container": container.name,
		"path": sprintf("%s.lifecycle.postStart.exec.command", [container.path]),
		"field": "postStart",
		"list": container.spec.lifecycle.postStart.exec.command,
	}
}

commands contains command if {
	some container in input.workload.containers
	some text in container.spec.lifecycle.preStop.exec.command
	contains(text, "<")
	command := {
		"container": container.name,
		"path": sprintf("%s.lifecycle.preStop.exec.command", [container.path]),
		"field": "preStop",
		"list": container.spec.lifecycle.preStop.exec.command,
	}
}

# clouds are the variables that the clouds' own libraries and tools read a secret from.
clouds := {
	"ARM_ACCESS_KEY": "Azure",
	"ARM_CLIENT_SECRET": "Azure",
	"AWS_SECRET_ACCESS_KEY": "AWS",
	"AZURE_CLIENT_SECRET": "Azure",
	"AZURE_STORAGE_CONNECTION_STRING": "Azure",
	"AZURE_STORAGE_KEY": "Azure",
	"GCLOUD_SERVICE_KEY": "Google Cloud",
	"GCP_KEY": "Google Cloud",
	"GCP_SA_KEY": "Google Cloud",
	"GOOGLE_APPLICATION_CREDENTIALS_JSON": "Google Cloud",
	"GOOGLE_CREDENTIALS": "Google Cloud",
}
