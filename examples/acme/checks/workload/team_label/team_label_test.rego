package kubemuster.checks.workload.team_label_test

import data.kubemuster.checks.workload.team_label

any_team := {"label": "team", "teams": []}

test_fails_without_the_label if {
	team_label.violations == {{"path": "metadata.labels", "message": "the label team is missing"}} with input as labelled({"app": "web"})
		with data.kubemuster.parameters.ACME1001 as any_team
}

test_fails_without_labels if {
	count(team_label.violations) == 1 with input as {"object": {"metadata": {"name": "web"}}}
		with data.kubemuster.parameters.ACME1001 as any_team
}

test_fails_for_a_team_that_is_not_there if {
	team_label.violations == {{
		"path": "metadata.labels",
		"message": "the label team names shpo, which is no team",
	}} with input as labelled({"team": "shpo"})
		with data.kubemuster.parameters.ACME1001 as {"label": "team", "teams": ["shop"]}
}

test_passes_for_a_team if {
	team_label.violations == set() with input as labelled({"team": "shop"})
		with data.kubemuster.parameters.ACME1001 as any_team
	team_label.violations == set() with input as labelled({"team": "shop"})
		with data.kubemuster.parameters.ACME1001 as {"label": "team", "teams": ["shop"]}
}

labelled(labels) := {"object": {"metadata": {"name": "web", "labels": labels}}}
