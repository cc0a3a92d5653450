package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
)

// Everything that can be refused on the way to a cluster ends in a sentence that says what to do, exit code 3 and a
// notification, and never in a report that looks like a clean one.
func TestRefusals(t *testing.T) {
	otherCA := cloudfake.NewCA("not the cluster's")
	for _, c := range clouds() {
		c.register("behind-another-ca", world.prod.Address, otherCA.PEM())
	}
	// The control plane answers to "prod" and never heard of this name, to which the tokens are bound.
	world.eks.register("mistaken-for-prod", world.prod.Address, world.ca.PEM())
	for _, c := range []cloud{world.gkeForeign, world.aksForeign} {
		c.register("prod", world.prod.Address, world.ca.PEM())
	}
	const refused = "does not accept the token"

	for _, tc := range []struct {
		name    string
		cloud   cloud
		cluster string
		as      identity
		stage   string
		says    []string
	}{
		{
			"wrong credentials", world.eks, "prod", impostor, "access",
			[]string{"sts:AssumeRole failed: AWS answers SignatureDoesNotMatch", "check the secret access key"},
		},
		{"wrong credentials", world.gke, "prod", impostor, "access", []string{"invalid_grant", "check that the key was not deleted"}},
		{"wrong credentials", world.aks, "prod", impostor, "access", []string{"the client secret is wrong (AADSTS7000215)"}},

		{
			"the cloud permits nothing", world.eks, "prod", outsider, "access",
			[]string{"eks:DescribeCluster was refused", "the identity needs eks:DescribeCluster on " + awsCluster("prod")},
		},
		{"the cloud permits nothing", world.gke, "prod", outsider, "access", []string{googleEmail(outsider), "container.clusters.get"}},
		{
			"the cloud permits nothing", world.aks, "prod", outsider, "access",
			[]string{"AuthorizationFailed", "the identity needs Microsoft.ContainerService/managedClusters/read"},
		},

		{"no such cluster", world.eks, "prdo", reader, "access", []string{`there is no EKS cluster "prdo" in us-east-1`, "aws eks list-clusters"}},
		{"no such cluster", world.gke, "prdo", reader, "access", []string{"there is no cluster projects/acme/locations/europe-west1/clusters/prdo", "gcloud container clusters list"}},
		{"no such cluster", world.aks, "prdo", reader, "access", []string{"cluster prdo was not found", "az aks list"}},

		// EKS lets nobody in without an access entry; the others let in whom their cloud knows, to read nothing.
		{
			"no grant in the cluster", world.eks, "prod", stranger, "connect",
			[]string{refused, "needs an access entry for " + awsRole("stranger") + " with the group kubemuster:readers"},
		},
		{"no grant in the cluster", world.gke, "prod", stranger, "read", []string{"nothing could be read", "grant it the ClusterRole kubemuster-reader"}},
		{"no grant in the cluster", world.aks, "prod", stranger, "read", []string{"nothing could be read", "grant it the ClusterRole kubemuster-reader"}},

		{"token for another cluster", world.eks, "mistaken-for-prod", reader, "connect", []string{refused, `cluster "mistaken-for-prod"`}},
		{"token of another cloud", world.gkeForeign, "prod", reader, "connect", []string{refused, googleEmail(reader)}},
		{"token of another tenant", world.aksForeign, "prod", reader, "connect", []string{refused, "Entra object " + azureObject(reader)}},

		{"expired token", world.eksBriefly, expiring(t, world.eksBriefly), reader, "connect", []string{refused}},
		{"expired token", world.gkeBriefly, expiring(t, world.gkeBriefly), reader, "connect", []string{refused}},
		{"expired token", world.aksBriefly, expiring(t, world.aksBriefly), reader, "connect", []string{refused}},

		{"wrong CA", world.eks, "behind-another-ca", reader, "connect", []string{"is not signed by the cluster's authority"}},
		{"wrong CA", world.gke, "behind-another-ca", reader, "connect", []string{"is not signed by the cluster's authority"}},
		{"wrong CA", world.aks, "behind-another-ca", reader, "connect", []string{"is not signed by the cluster's authority"}},
	} {
		t.Run(tc.cloud.provider()+"/"+tc.name, func(t *testing.T) {
			t.Parallel()
			scan(t, tc.cloud.env(tc.as), tc.cloud.target(tc.cluster, tc.as)).checkNotScanned(t, tc.stage, tc.says...)
		})
	}
}

// expiring registers a cluster whose API server is reached only after the first token that is sent to it has expired.
func expiring(t *testing.T, c cloud) string {
	const name = "expiring"
	address := gate(t, world.prod, func(r *http.Request) {
		token := bearer(r)
		eventually(t, "the cloud's own refusal of a token that has expired", func() bool { return c.verify(token, name) != nil })
	}, nil)
	register(c, name, world.prod, address)
	return name
}

// A cloud that is not who it says it is gets no credential.
func TestUntrustedCloud(t *testing.T) {
	for _, c := range clouds() {
		t.Run(c.provider(), func(t *testing.T) {
			t.Parallel()
			target := strings.ReplaceAll(c.target("prod", reader), "&caFile="+world.caFile, "")
			scan(t, c.env(reader), target).checkNotScanned(t, "access", "certificate", "caFile")
		})
	}
}

func TestMalformedTarget(t *testing.T) {
	for target, says := range map[string]string{
		"eks://us-east-1":               "write it as eks://{region}/{cluster}",
		"gke://acme/europe-west1":       "write it as gke://{project}/{location}/{cluster}",
		"aks://platform/prod":           "write it as aks://{subscription}/{resourceGroup}/{cluster}",
		"eks://us-east-1/prod?rolearn=": `provider "eks" has no parameter "rolearn"`,
		"doks://fra1/prod":              `unknown provider "doks"`,
	} {
		t.Run(strings.ReplaceAll(target, "/", "_"), func(t *testing.T) {
			t.Parallel()
			if s := scan(t, nil, target); s.code != exitUsage || !strings.Contains(s.stderr, says) || s.runs != nil {
				t.Errorf("the exit code is %d with %d runs, and standard error lacks %q:\n%s", s.code, len(s.runs), says, s.tail())
			}
		})
	}
}

// What may not be read is a gap: the rest is judged, and the checks that need it say that they gave no verdict.
func TestPartlyUnreadable(t *testing.T) {
	for _, tc := range []struct {
		cloud cloud
		flags []string
		code  int
	}{
		{world.eks, nil, exitIncomplete},
		{world.gke, nil, exitIncomplete},
		{world.aks, nil, exitIncomplete},
		{world.eks, []string{"--allow-incomplete"}, exitOK},
		{world.gke, []string{"--fail-on", "high"}, exitFindings}, // wins
	} {
		t.Run(strings.Join(append([]string{tc.cloud.provider()}, tc.flags...), " "), func(t *testing.T) {
			t.Parallel()
			s := scan(t, tc.cloud.env(partial), append(tc.flags, tc.cloud.target("prod", partial))...)
			if s.code != tc.code {
				t.Errorf("the exit code is %d, not %d\n%s", s.code, tc.code, s.tail())
			}
			checkPartial(t, s.only(t))
		})
	}
}

func checkPartial(t *testing.T, r sarifRun) {
	t.Helper()
	found := r.findings(t)
	checkHolds(t, found, []string{"KM1005 shop/deployments.apps/till/containers/till"})
	if i := slices.IndexFunc(found, func(f string) bool {
		return strings.Contains(f, "rbac.authorization.k8s.io") || strings.Contains(f, "/nodes/")
	}); i >= 0 {
		t.Errorf("found in what may not be read: %s", found[i])
	}
	if r.Properties.Status != "partial" {
		t.Errorf("the status is %q, not partial", r.Properties.Status)
	}
	unread, unjudged := map[string]bool{}, map[string]bool{}
	for _, n := range r.notifications() {
		switch subject, _, _ := strings.Cut(n.Message.Text, " "); n.Descriptor.ID {
		case "read/forbidden":
			unread[strings.TrimSuffix(subject, ":")] = true
		case "check/not-evaluated":
			unjudged[subject] = true
		default:
			t.Errorf("the report notifies of %s: %s", n.Descriptor.ID, n.Message.Text)
		}
	}
	for _, kind := range []string{"ClusterRole", "ClusterRoleBinding", "Node"} {
		if !unread[kind] {
			t.Errorf("the report does not say that %s may not be read; it names %v", kind, unread)
		}
	}
	for _, check := range []string{"KM2001", "KM6001"} {
		if !unjudged[check] {
			t.Errorf("the report does not say that %s was not evaluated; it names %v", check, unjudged)
		}
	}
}
