# METADATA
# title: Workload names no team
# description: >-
#   Nobody knows whom to call when the workload is attacked, so it is contained late.
# custom:
#   id: ACME1001
#   name: TeamLabelMissing
#   severity: low
#   scope: object
#   kinds: [Deployment, StatefulSet, DaemonSet, CronJob]
#   remediation: Set the label on the workload, with the team's name as its value.
#   parameters:
#     - name: label
#       type: string
#       default: acme.example/team
#       help: the label that names the team
#     - name: teams
#       type: strings
#       default: []
#       help: the teams that there are; empty allows any
package kubemuster.checks.workload.team_label

import data.acme.names

parameters := data.kubemuster.parameters.ACME1001

violations contains violation if {
	not input.object.metadata.labels[parameters.label]
	violation := {
		"path": "metadata.labels",
		"message": sprintf("the label %s is missing", [parameters.label]),
	}
}

violations contains violation if {
	team := input.object.metadata.labels[parameters.label]
	names.unknown(team, {t | some t in parameters.teams})
	violation := {
		"path": "metadata.labels",
		"message": sprintf("the label %s names %s, which is no team", [parameters.label, team]),
	}
}
