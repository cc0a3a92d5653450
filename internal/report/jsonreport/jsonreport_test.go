package jsonreport_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/jsonreport"
	"github.com/kubemuster/kubemuster/internal/report/reporttest"
)

func write(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (jsonreport.Writer{}).Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "compared.json", write(t, reporttest.Compared()))
}

// Every report is valid by the published schema.
func TestSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../../docs/schemas/report-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*report.Report{"compared": reporttest.Compared(), "empty": {}, "large": reporttest.Large(100)} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(write(t, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(string(write(t, reporttest.Compared())), `"status":"complete"`, `"status":"done"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if schema.Validate(bad) == nil {
		t.Error("the schema takes a status that does not exist")
	}
}

// What is written comes back whole.
func TestRead(t *testing.T) {
	limited := reporttest.Compared()
	limited.Clusters[1].Selection, limited.Clusters[1].Unfilled = []string{"check=KM1005"}, []string{"KM1005"}
	for name, want := range map[string]*report.Report{"sample": reporttest.Compared(), "limited": limited, "empty": {}, "large": reporttest.Large(5000)} {
		got, err := jsonreport.Read(bytes.NewReader(write(t, want)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v\nwant %+v", name, got, want)
		}
	}
}

// Every field of what is reported is in the document: a new one has to be thought of here.
func TestNoFieldIsForgotten(t *testing.T) {
	for _, pair := range []struct {
		ours, theirs any
		more         int // fields that the document has beside, less those that it leaves out
	}{
		{report.Report{}, jsonreport.Report{}, 2}, // format and its version,
		{report.Cluster{}, jsonreport.Cluster{}, 0},
		{finding.Check{}, jsonreport.Check{}, 0},
		{finding.Finding{}, jsonreport.Finding{}, 0}, // with the fingerprint, without the request
	} {
		ours, theirs := reflect.TypeOf(pair.ours), reflect.TypeOf(pair.theirs)
		if theirs.NumField() != ours.NumField()+pair.more {
			t.Errorf("%s has %d fields, its document %d", ours, ours.NumField(), theirs.NumField())
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole := string(write(t, reporttest.Compared()))
	tests := []struct{ name, text, want string }{
		{"truncated", whole[:len(whole)/2], "the report is cut off"},
		{"empty", "", "the report is cut off"},
		{"no JSON", "KM1005 failed", "it is no report: invalid character"},
		{"foreign", `{"format": "other"}`, `it is no report of ours: its format is "other"`},
		{"newer", strings.Replace(whole, `"formatVersion":1`, `"formatVersion":2`, 1), "its format has version 2, and this kubemuster reads version 1"},
		{"two", whole + whole, "something follows the report"},
		{"severity", strings.Replace(whole, `"severity":"critical"`, `"severity":"worst"`, 1), `"worst" is no severity`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := jsonreport.Read(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"format":"kubemuster-report","formatVersion":1,"clusters":[{"findings":[{"severity":"low"}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := jsonreport.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := (jsonreport.Writer{}).Write(&b, r); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b.Bytes()) {
			t.Fatal("no JSON")
		}
	})
}
