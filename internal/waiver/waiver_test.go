package waiver_test

import (
	"cmp"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/waiver"
)

var today = time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC)

func load(t *testing.T, opts waiver.Options, text string) (*waiver.Set, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("waivers.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	opts.Now = today
	return waiver.Load([]string{"waivers.yaml"}, opts)
}

func entry(fields string) string {
	return "waivers:\n  - {owner: shop, reason: vendor image, " + fields + "}\n"
}

func sample() *report.Report {
	web := finding.Object{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}
	return &report.Report{
		Checks: []finding.Check{{ID: "KM1005"}, {ID: "KM1007"}},
		Clusters: []report.Cluster{
			{Alias: "prod", Status: report.Complete, Tallies: []finding.Tally{{Check: "KM1005"}, {Check: "KM1007"}}, Findings: []finding.Finding{
				{Check: "KM1005", Verdict: finding.Fail, Object: web},
				{Check: "KM1007", Verdict: finding.Fail, Object: web},
				{Check: "KM1005", Verdict: finding.NotEvaluated, Object: web},
			}},
			{Alias: "stage", Status: report.Partial, Findings: []finding.Finding{{Check: "KM1005", Verdict: finding.Fail, Object: web}}},
		},
	}
}

// waived are the waived findings as "alias check", and notes the notifications as "alias id message".
func waived(r *report.Report) (found, notes []string) {
	for _, c := range r.Clusters {
		for _, f := range c.Findings {
			if f.Waiver != nil {
				found = append(found, c.Alias+" "+f.Check+" "+string(f.Verdict))
			}
		}
		for _, n := range c.Notifications {
			notes = append(notes, c.Alias+" "+n.ID+" "+n.Message)
		}
	}
	return found, notes
}

func TestApply(t *testing.T) {
	tests := []struct {
		name, entry   string
		waived, notes []string
	}{
		{"by name", "check: KM1005, namespace: shop, name: web, expires: 2026-04-01", []string{"prod KM1005 fail", "stage KM1005 fail"}, nil},
		{"globs", "check: KM10*, cluster: pr*, namespace: sh*, kind: Deploy*, expires: 2026-04-01", []string{"prod KM1005 fail", "prod KM1007 fail"}, nil},
		{"its last day", "check: KM1007, namespace: shop, expires: 2026-03-02", []string{"prod KM1007 fail"}, nil},
		{"expired", "check: KM1007, namespace: shop, expires: 2026-03-01", nil, []string{
			"prod waiver/expired the waiver at waivers.yaml:2 (KM1007, shop) expired on 2026-03-01: 1 findings count again",
			"stage waiver/expired the waiver at waivers.yaml:2 (KM1007, shop) expired on 2026-03-01: 0 findings count again",
		}},
		{"unused", "check: KM1007, cluster: prod, name: api, expires: 2026-04-01", nil, []string{
			"prod waiver/unused the waiver at waivers.yaml:2 (KM1007, shop) matches no finding; take it out",
		}},
		{"nobody can tell whether it is used", "check: KM1007, name: api, expires: 2026-04-01", nil, nil},
		{"of a check that did not run", "check: KM2001, cluster: prod, name: api, expires: 2026-04-01", nil, nil},
		{"over-broad", "check: KM1007, expires: 2026-04-01", []string{"prod KM1007 fail"}, []string{
			"prod waiver/over-broad the waiver at waivers.yaml:2 (KM1007, shop) is too broad: it waives the check in all clusters; name a cluster, a namespace or a name, or skip the check",
			"stage waiver/over-broad the waiver at waivers.yaml:2 (KM1007, shop) is too broad: it waives the check in all clusters; name a cluster, a namespace or a name, or skip the check",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := load(t, waiver.Options{}, entry(tt.entry))
			if err != nil {
				t.Fatal(err)
			}
			r := sample()
			s.Apply(r)
			found, notes := waived(r)
			if !reflect.DeepEqual(found, tt.waived) {
				t.Errorf("waived %q, want %q", found, tt.waived)
			}
			if !reflect.DeepEqual(notes, tt.notes) {
				t.Errorf("notes\n%s\nwant\n%s", strings.Join(notes, "\n"), strings.Join(tt.notes, "\n"))
			}
		})
	}
}

// Where the scan was limited, or nobody asked the check to look, a waiver that matches nothing may well be needed.
func TestNotUnused(t *testing.T) {
	for name, limit := range map[string]func(*report.Cluster){
		"namespaces": func(c *report.Cluster) { c.Namespaces = []string{"shop"} },
		"excluded":   func(c *report.Cluster) { c.ExcludeNamespaces = []string{"shop"} },
		"another":    func(c *report.Cluster) { c.Tallies = c.Tallies[:1] }, // the check ran elsewhere, or is carried from a baseline
		"opt-in":     func(c *report.Cluster) { c.Tallies = []finding.Tally{{Check: "KM1007", Skipped: true}} },
	} {
		s, err := load(t, waiver.Options{}, entry("check: KM1007, cluster: prod, name: api, expires: 2026-04-01"))
		if err != nil {
			t.Fatal(err)
		}
		r := sample()
		limit(&r.Clusters[0])
		s.Apply(r)
		if _, notes := waived(r); notes != nil {
			t.Errorf("%s: %q", name, notes)
		}
	}
}

func TestWaiverStaysInTheFinding(t *testing.T) {
	s, err := load(t, waiver.Options{}, entry("check: KM1007, name: web, ticket: SEC-7, expires: 2026-04-01"))
	if err != nil {
		t.Fatal(err)
	}
	r := sample()
	s.Apply(r)
	want := &finding.Waiver{Owner: "shop", Reason: "vendor image", Ticket: "SEC-7", Expires: "2026-04-01", Source: "waivers.yaml:2"}
	f := r.Clusters[0].Findings[1]
	if !reflect.DeepEqual(f.Waiver, want) || f.Gates() {
		t.Errorf("got %+v, gates %t", f.Waiver, f.Gates())
	}
	if !r.Clusters[0].Findings[0].Gates() {
		t.Error("a finding that is not waived does not gate")
	}
}

// Objects are heard only where the configuration says so, and only with a reason and an end.
func TestAnnotations(t *testing.T) {
	asks := map[string]string{
		"kubemuster.io/waive": "KM1007, KM1005", "kubemuster.io/waive-reason": "legacy", "kubemuster.io/waive-expires": "2026-03-09", "kubemuster.io/waive-owner": "shop",
	}
	without := func(key string) map[string]string {
		m := map[string]string{}
		for k, v := range asks {
			if k != key {
				m[k] = v
			}
		}
		return m
	}
	const deaf = "prod waiver/invalid-annotation Deployment shop/web asks by annotation to waive KM1007, and is not heard: "
	tests := []struct {
		name        string
		opts        waiver.Options
		annotations map[string]string
		waived      bool
		notes       []string
	}{
		{"not allowed", waiver.Options{}, asks, false, nil},
		{"allowed", waiver.Options{Annotations: true}, asks, true, nil},
		{"another check", waiver.Options{Annotations: true}, map[string]string{"kubemuster.io/waive": "KM*"}, false, nil},
		{"no reason", waiver.Options{Annotations: true}, without("kubemuster.io/waive-reason"), false, []string{deaf + "reason is missing: say why the finding is accepted"}},
		{"no end", waiver.Options{Annotations: true}, without("kubemuster.io/waive-expires"), false, []string{deaf + "expires is missing: give the last day, as in 2027-01-31"}},
		{"too long", waiver.Options{Annotations: true, MaxDays: 6}, asks, false, []string{deaf + "expires 2026-03-09 is further ahead than 6 days (waivers.maxDays), the latest is 2026-03-08"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := load(t, tt.opts, "")
			if err != nil {
				t.Fatal(err)
			}
			r := sample()
			r.Clusters[0].Findings = r.Clusters[0].Findings[1:2]
			r.Clusters[0].Findings[0].Request = finding.RequestOf(tt.annotations)
			s.Apply(r)
			_, notes := waived(r)
			w := r.Clusters[0].Findings[0].Waiver
			if (w != nil) != tt.waived || !reflect.DeepEqual(notes, tt.notes) {
				t.Errorf("waiver %+v, notes %q", w, notes)
			}
			if w != nil && w.Source != "Deployment shop/web" {
				t.Errorf("source %q", w.Source)
			}
		})
	}
}

// What the baseline carries over is waived by what holds today.
func TestCarried(t *testing.T) {
	web := finding.Object{Kind: "Pod", Namespace: "shop", Name: "web"}
	carried := func(w *finding.Waiver) *report.Report {
		r := sample()
		r.Clusters = r.Clusters[:1]
		r.Clusters[0].Findings = nil
		r.Clusters[0].Carried = []finding.Finding{{Check: "KM1005", Verdict: finding.Fail, Object: web, Waiver: w}}
		return r
	}
	accepted := func(source, expires string) *finding.Waiver {
		return &finding.Waiver{Owner: "shop", Reason: "vendor image", Expires: expires, Source: source}
	}
	annotated := accepted("Pod shop/web", "2026-03-02")
	tests := []struct {
		name string
		opts waiver.Options
		text string
		had  *finding.Waiver
		want *finding.Waiver
		note string
	}{
		{name: "its entry has expired", text: entry("check: KM1005, cluster: prod, expires: 2026-03-01"), had: accepted("waivers.yaml:2", "2026-03-01"), note: "waiver/expired the waiver at waivers.yaml:2 (KM1005, shop) expired on 2026-03-01: 1 findings count again"},
		{name: "its entry was taken out", had: accepted("waivers.yaml:2", "2027-01-31")},
		{name: "an entry was added", text: entry("check: KM1005, cluster: prod, expires: 2027-01-31"), want: accepted("waivers.yaml:2", "2027-01-31")},
		{name: "its annotation holds", opts: waiver.Options{Annotations: true}, had: annotated, want: annotated},
		{name: "annotations are no longer heard", had: annotated},
		{name: "its annotation has expired", opts: waiver.Options{Annotations: true}, had: accepted("Pod shop/web", "2026-03-01"), note: "waiver/invalid-annotation Pod shop/web asks by annotation to waive KM1005, and is not heard: it expired on 2026-03-01"},
		{name: "its annotation asks for too long", opts: waiver.Options{Annotations: true, MaxDays: 30}, had: accepted("Pod shop/web", "2027-01-31"), note: "waiver/invalid-annotation Pod shop/web asks by annotation to waive KM1005, and is not heard: expires 2027-01-31 is further ahead than 30 days (waivers.maxDays), the latest is 2026-04-01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := load(t, tt.opts, cmp.Or(tt.text, "waivers: []\n"))
			if err != nil {
				t.Fatal(err)
			}
			r := carried(tt.had)
			set.Apply(r)
			if got := r.Clusters[0].Carried[0].Waiver; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			var note string
			for _, n := range r.Clusters[0].Notifications {
				note += n.ID + " " + n.Message
			}
			if note != tt.note {
				t.Errorf("got %q, want %q", note, tt.note)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no expiry", entry("check: KM1005, name: web"), "waivers.yaml:2: expires is missing: give the last day, as in 2027-01-31"},
		{"no reason", "waivers:\n- check: KM1005\n  owner: shop\n  expires: 2026-04-01\n", "waivers.yaml:2: reason is missing"},
		{"no owner", "waivers:\n- check: KM1005\n  reason: r\n  expires: 2026-04-01\n", "waivers.yaml:2: owner is missing"},
		{"no check", entry("name: web, expires: 2026-04-01"), "waivers.yaml:2: check is missing"},
		{"bad glob", entry("check: KM1005, name: 'web-[a', expires: 2026-04-01"), `waivers.yaml:2: name: "web-[a" is no pattern`},
		{"bad date", entry("check: KM1005, expires: 2026-13-01"), `waivers.yaml:2: expires: "2026-13-01" is no date`},
		{"too far", entry("check: KM1005, expires: 2026-09-30"), "waivers.yaml:2: expires 2026-09-30 is further ahead than 90 days (waivers.maxDays), the latest is 2026-05-31"},
		{"unknown key", entry("checks: KM1005"), `waivers.yaml:2: unknown key "waivers[0].checks"; did you mean "check"?`},
		{"empty entry", "waivers:\n-\n", "waivers.yaml: waivers[0] is empty"},
		{"no YAML", "waivers: [", "waivers.yaml: "},
		{"every faulty one", entry("check: KM1005") + "  - {check: KM1007, owner: o, reason: r}\n", "waivers.yaml:3: expires is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, waiver.Options{MaxDays: 90}, tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	s, err := load(t, waiver.Options{}, `waivers:
- {check: KM1005, name: web, owner: o, reason: r, expires: 2026-04-01}
- {check: KM105, name: web, owner: o, reason: r, expires: 2026-04-01}
- {check: KM1005, name: web, owner: o, reason: r, expires: 2026-03-01}
- {check: KM1005, owner: o, reason: r, expires: 2026-04-01}
- {check: "*", name: web, owner: o, reason: r, expires: 2026-04-01}
- {check: KM10*, cluster: prod, owner: o, reason: r, expires: 2026-04-01}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`waivers.yaml:3: there is no check "KM105"; kubemuster checks list shows all`,
		"waivers.yaml:4: expired on 2026-03-01; renew it or take it out",
		"waivers.yaml:5: it waives the check in all clusters; name a cluster, a namespace or a name, or skip the check",
		"waivers.yaml:6: it waives checks of every domain; name a check, or those of one domain, as in KM10*",
		"waivers.yaml:7: it waives several checks on every object; name a namespace or a name, or one check",
	}
	if got := s.Problems(sample().Checks); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// How broad a waiver is does not depend on which checks or objects there happen to be.
func TestOverBroad(t *testing.T) {
	const (
		domains = "it waives checks of every domain; name a check, or those of one domain, as in KM10*"
		several = "it waives several checks on every object; name a namespace or a name, or one check"
		all     = "it waives the check in all clusters; name a cluster, a namespace or a name, or skip the check"
	)
	for fields, want := range map[string]string{
		"check: KM1005, name: web":                            "",
		"check: KM1005, name: x":                              "", // short, and yet one
		"check: KM1005, namespace: ci-*":                      "",
		"check: KM1005, cluster: prod":                        "", // somebody may answer for a cluster
		"check: KM1005, cluster: 'eu-*'":                      "",
		"check: KM1005, name: 'a[*]b'":                        "", // a name that holds what patterns are made of
		`check: KM1005, name: 'a\*'`:                          "",
		"check: KM1005, name: '[w][e]*'":                      "",
		"check: KM10*, namespace: legacy":                     "",
		"check: KM1*, name: agent-*":                          "",
		"check: 'KM100[57]', namespace: shop":                 "",
		"check: KM*, namespace: shop, name: web":              domains,
		"check: '*', cluster: prod, namespace: shop":          domains,
		"check: 'KM?005', name: web":                          domains,
		"check: '*1005', name: web":                           domains,
		"check: '[K]M1005', name: web":                        domains,
		"check: KM1*, cluster: prod":                          several,
		"check: 'KM100[57]', cluster: prod, kind: Deployment": several,
		"check: KM10*, cluster: prod, namespace: '*'":         several,
		"check: KM1005":                                       all,
		"check: KM1005, namespace: '*', name: '*'":            all,
		"check: KM1005, kind: Deployment":                     all,
		"check: KM1005, cluster: '*', name: '?*'":             all,
		"check: KM1005, name: '[a-z]*'":                       all,
		"check: KM1005, name: '*-*'":                          all,
		"check: KM1005, name: 'w*'":                           all,
		"check: KM1005, cluster: '[^x]*', namespace: 's*'":    all,
	} {
		s, err := load(t, waiver.Options{}, entry(fields+", expires: 2026-04-01"))
		if err != nil {
			t.Errorf("%s: %v", fields, err)
			continue
		}
		got := strings.TrimPrefix(strings.Join(s.Problems([]finding.Check{{ID: "KM1005"}}), "\n"), "waivers.yaml:2: ")
		if got != want {
			t.Errorf("%s: got %q, want %q", fields, got, want)
		}
		r := sample()
		s.Apply(r)
		_, notes := waived(r)
		if told := strings.Contains(strings.Join(notes, "\n"), "is too broad: "+want); told != (want != "") {
			t.Errorf("%s: the scan says %q", fields, notes)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(entry("check: KM1005, name: 'web-[a', expires: 2026-04-01"))
	f.Add("waivers:\n- &a {check: KM1005}\n- *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "w.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := waiver.Load([]string{path}, waiver.Options{Now: today}); err == nil {
			s.Apply(sample())
			s.Problems(sample().Checks)
		}
	})
}
