package sariftest_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/report/reporttest"
	"github.com/kubemuster/kubemuster/internal/report/sarif"
	"github.com/kubemuster/kubemuster/internal/report/sarif/sariftest"
)

type object = map[string]any

// TestErrors breaks each rule in a document that conforms, and expects to be told.
func TestErrors(t *testing.T) {
	var good bytes.Buffer
	if err := (sarif.Writer{}).Write(&good, reporttest.Sample()); err != nil {
		t.Fatal(err)
	}
	if errs := sariftest.Errors(good.Bytes()); len(errs) > 0 {
		t.Fatalf("the document to break does not conform: %v", errs)
	}
	result := func(doc object, i int) object { return at[object](doc, "runs", 0, "results", i) }
	physical := func(doc object) object { return at[object](result(doc, 0), "locations", 0, "physicalLocation") }
	uri := func(uri string) func(object) {
		return func(doc object) { at[object](physical(doc), "artifactLocation")["uri"] = uri }
	}
	tests := map[string]struct {
		mutate func(doc object)
		want   string
	}{
		"unknown field": {func(doc object) { result(doc, 0)["colour"] = "red" }, "schema"},
		"local time": {func(doc object) {
			at[object](doc, "runs", 0, "invocations", 0)["startTimeUtc"] = "yesterday"
		}, "schema"},
		"null":          {func(doc object) { result(doc, 0)["workItemUris"] = nil }, "/runs/0/results/0/workItemUris is null"},
		"null in a bag": {func(doc object) { at[object](result(doc, 0), "properties")["owner"] = nil }, "owner is null"},
		"no location":   {func(doc object) { result(doc, 0)["locations"] = []any{} }, "0 locations"},
		"two locations": {func(doc object) {
			l := result(doc, 0)
			ls := l["locations"].([]any)
			l["locations"] = append(ls, ls[0])
		}, "2 locations"},
		"logical only":   {func(doc object) { delete(at[object](result(doc, 0), "locations", 0), "physicalLocation") }, "no URI"},
		"scheme":         {uri("k8s://shop/web.yaml"), "not relative"},
		"colon":          {uri("clusters/a/system:controller.yaml"), "not percent-encoded"},
		"opaque":         {uri("mailto:a"), "not relative"},
		"absolute path":  {uri("/clusters/a.yaml"), "not relative"},
		"other host":     {uri("//host/a.yaml"), "not relative"},
		"space":          {uri("clusters/a b.yaml"), "not percent-encoded"},
		"bare percent":   {uri("clusters/100%.yaml"), "schema"},
		"query":          {uri("clusters/a?b.yaml"), "not percent-encoded"},
		"empty segment":  {uri("clusters//a.yaml"), "is empty"},
		"way up":         {uri("clusters/../a.yaml"), "leaves its folder"},
		"encoded way up": {uri("clusters/%2E%2e/a.yaml"), "leaves its folder"},
		"line 0":         {func(doc object) { at[object](physical(doc), "region")["startLine"] = 0 }, "startLine 0"},
		"no region":      {func(doc object) { delete(physical(doc), "region") }, "startLine 0"},
		"same category": {func(doc object) {
			at[object](doc, "runs", 1)["automationDetails"] = at[object](doc, "runs", 0, "automationDetails")
		}, "another run's"},
		"no category":      {func(doc object) { delete(at[object](doc, "runs", 0), "automationDetails") }, "is empty"},
		"index too high":   {func(doc object) { result(doc, 0)["ruleIndex"] = 99 }, "out of bounds"},
		"index overflowed": {func(doc object) { result(doc, 0)["ruleIndex"] = json.Number("18446744073709551615") }, "unreadable"},
		"no index":         {func(doc object) { delete(result(doc, 0), "ruleIndex") }, "no index"},
		"other rule":       {func(doc object) { result(doc, 0)["ruleId"] = "KM1007" }, "not KM1007"},
		"no fingerprint":   {func(doc object) { delete(result(doc, 0), "fingerprints") }, "no fingerprint"},
		"same fingerprint": {func(doc object) { result(doc, 1)["fingerprints"] = result(doc, 0)["fingerprints"] }, "has the fingerprint of results[0]"},
		"no level":         {func(doc object) { delete(result(doc, 0), "level") }, "no level"},
		"level of a pass":  {func(doc object) { result(doc, 0)["kind"] = "pass" }, "does not go with kind"},
		"level of a fail":  {func(doc object) { result(doc, 0)["level"] = "none" }, "does not go with kind"},
		"no invocation":    {func(doc object) { delete(at[object](doc, "runs", 0), "invocations") }, "no invocation"},
		"no success":       {func(doc object) { delete(at[object](doc, "runs", 0, "invocations", 0), "executionSuccessful") }, "no executionSuccessful"},
		"no rule level":    {func(doc object) { delete(rule(doc, 0), "defaultConfiguration") }, "no level"},
		"score in words":   {func(doc object) { at[object](rule(doc, 0), "properties")["security-severity"] = "high" }, "is no number"},
		"many tags": {func(doc object) {
			at[object](rule(doc, 0), "properties")["tags"] = strings.Split("abcdefghijk", "")
		}, "11 tags"},
		"rule twice": {func(doc object) { rule(doc, 1)["id"] = rule(doc, 0)["id"] }, "is there twice"},
		"notification without descriptor": {func(doc object) {
			delete(at[object](doc, "runs", 1, "invocations", 0, "toolExecutionNotifications", 0), "descriptor")
		}, "notification's descriptor: no index"},
		"notification of another rule": {func(doc object) {
			at[object](doc, "runs", 0, "invocations", 0, "toolExecutionNotifications", 0, "associatedRule")["id"] = "KM1007"
		}, "notification's rule"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var doc object
			if err := json.Unmarshal(good.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			test.mutate(doc)
			bad, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, err := range sariftest.Errors(bad) {
				told = append(told, err.Error())
			}
			if !strings.Contains(strings.Join(told, "\n"), test.want) {
				t.Errorf("want an error with %q, got %q", test.want, told)
			}
		})
	}
	if errs := sariftest.Errors([]byte("{")); len(errs) != 1 {
		t.Errorf("want one error for what is no JSON, got %v", errs)
	}
}

func rule(doc object, i int) object {
	return at[object](doc, "runs", 0, "tool", "driver", "rules", i)
}

// at follows keys and indices.
func at[T any](value any, path ...any) T {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			value = value.(object)[step]
		case int:
			value = value.([]any)[step]
		}
	}
	return value.(T)
}
