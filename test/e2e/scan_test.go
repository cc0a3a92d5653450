package e2e

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	clientauthv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"

	fakeazure "github.com/kubemuster/kubemuster/internal/cloudfake/azure"
	fakegoogle "github.com/kubemuster/kubemuster/internal/cloudfake/google"
)

// What the scan of each cluster must find, among more: things that are in no other cluster.
var (
	prodFindings = []string{
		"KM1005 shop/deployments.apps/till/containers/till",
		"KM2001 _cluster/clusterrolebindings.rbac.authorization.k8s.io/shop-owners",
		"KM5001 _cluster/namespaces/shop",
		"KM6001 _cluster/nodes/prod-node-1",
	}
	stagingFindings = []string{
		"KM1004 bank/statefulsets.apps/ledger",
		"KM1007 bank/statefulsets.apps/ledger/volumes/etc",
		"KM2001 _cluster/clusterrolebindings.rbac.authorization.k8s.io/bank-auditors",
		"KM5001 _cluster/namespaces/bank",
	}
)

func TestScan(t *testing.T) {
	for _, c := range clouds() {
		t.Run(c.provider(), func(t *testing.T) {
			t.Parallel()
			s := scan(t, c.env(reader), c.target("prod", reader))
			s.checkComplete(t)
			r := s.only(t)
			if !slices.ContainsFunc(r.Invocations[0].ToolExecutionNotifications, func(n sarifNotification) bool { return n.Descriptor.ID == rbacOnly }) {
				t.Error("the report does not say that rights beside RBAC were not read")
			}
			found := r.findings(t)
			checkHolds(t, found, prodFindings)
			for _, f := range found {
				if strings.Contains(f, "/replicasets.apps/") || strings.Contains(f, "/pods/") {
					t.Errorf("what a Deployment owns is judged once more: %s", f)
				}
			}
			if r.Properties.Provider != c.provider() || r.Properties.Name != "prod" || r.Properties.ServerVersion != "v1.37.2" {
				t.Errorf("the report is of %+v", r.Properties)
			}
			if len(r.Tool.Extensions) != 2 || r.Tool.Extensions[0].Name != c.provider() || r.Tool.Extensions[1].Name != "kubemuster" {
				t.Errorf("the report names the plugins and packs %v", r.Tool.Extensions)
			}
			checkAudit(t, c)
		})
	}
}

// checkAudit checks in the API server's own log whom it took the scanner for, and that the scanner asked to read only.
func checkAudit(t *testing.T, c cloud) {
	t.Helper()
	events, err := world.prod.Audit()
	if err != nil {
		t.Fatal(err)
	}
	if err := onlyReads(events); err != nil {
		t.Error(err)
	}
	lists := 0
	for _, e := range ofScanner(events) {
		if e.User.Username == c.user(reader) && e.Verb == "list" && e.ResponseStatus.Code == 200 {
			lists++
		}
		if o := e.ObjectRef; o != nil && (o.Resource == "secrets" || o.Resource == "configmaps") {
			t.Errorf("the scanner asked for %s", e.RequestURI)
		}
	}
	if lists == 0 {
		t.Errorf("the audit log holds no list of %s", c.user(reader))
	}
}

func TestFailOn(t *testing.T) {
	t.Parallel()
	c := world.gke
	s := scan(t, c.env(reader), c.target("prod", reader), "--fail-on", "critical")
	if s.code != exitFindings || !strings.Contains(s.stderr, "--fail-on critical allows none") {
		t.Errorf("the exit code is %d, not %d\n%s", s.code, exitFindings, s.tail())
	}
	if r := s.only(t); !r.Invocations[0].ExecutionSuccessful || r.Invocations[0].ExitCode != exitFindings {
		t.Errorf("the report's invocation is %+v", r.Invocations[0])
	}
}

func checkHolds(t *testing.T, found, want []string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(found, w) {
			t.Errorf("not found: %s\nfound: %s", w, strings.Join(found, "\n       "))
		}
	}
}

// Access tells the whole way to a cluster, and what may not be read there.
func TestAccess(t *testing.T) {
	for _, c := range clouds() {
		t.Run(c.provider(), func(t *testing.T) {
			t.Parallel()
			args := []string{"access", "--plugin-dir", world.plugins}
			o := runCommand(t, c.env(reader), append(args, c.target("prod", reader))...)
			for _, want := range []string{world.prod.URL() + " (v1.37.2)", c.user(reader)} {
				if o.code != exitOK || !strings.Contains(o.stdout, want) {
					t.Errorf("the exit code is %d, and standard output lacks %q:\n%s\n%s", o.code, want, o.stdout, o.tail())
				}
			}
			o = runCommand(t, c.env(partial), append(args, c.target("prod", partial))...)
			if o.code != exitIncomplete || !strings.Contains(o.stdout, "KM2001") || !strings.Contains(o.stderr, "kubemuster-reader") {
				t.Errorf("the exit code is %d, and standard output does not say what is missing:\n%s\n%s", o.code, o.stdout, o.tail())
			}
		})
	}
}

// Token prints a credential that the API server accepts, for other programs.
func TestToken(t *testing.T) {
	for _, c := range clouds() {
		t.Run(c.provider(), func(t *testing.T) {
			t.Parallel()
			o := runCommand(t, c.env(reader), "token", "--plugin-dir", world.plugins, c.target("prod", reader))
			var credential clientauthv1.ExecCredential
			if err := json.Unmarshal([]byte(o.stdout), &credential); err != nil || credential.Status == nil {
				t.Fatalf("the exit code is %d, and there is no credential (%v)\n%s", o.code, err, o.tail())
			}
			if e := credential.Status.ExpirationTimestamp; e == nil || !e.After(time.Now()) {
				t.Errorf("the credential ends at %v", e)
			}
			if got := world.prod.status(t, credential.Status.Token); got != http.StatusOK {
				t.Errorf("the API server answers %d to the token", got)
			}
		})
	}
}

// An identity that may read one namespace scans that namespace: the rest is out of scope, and not missing.
func TestNamespace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	writeKubeconfig(t, path, map[string]any{"server": world.prod.URL(), "certificate-authority": world.caFile}, map[string]any{"token": shopToken})
	s := scan(t, nil, "kubeconfig://dev?kubeconfig="+path, "--namespace", "shop")
	r := s.only(t)
	if s.code != exitOK || !r.Invocations[0].ExecutionSuccessful || r.Properties.Status != "complete" {
		t.Errorf("the exit code is %d, the scan %q\n%s", s.code, r.Properties.Status, s.tail())
	}
	if told := r.told(); !slices.Equal(told, []string{"scan/unread-role these"}) { // of the ClusterRole that lets the auditor read
		t.Errorf("the scan tells %q", told)
	}
	found := r.findings(t)
	checkHolds(t, found, []string{"KM1005 shop/deployments.apps/till/containers/till"})
	for _, f := range found {
		if !strings.Contains(f, " shop/") {
			t.Errorf("found out of scope: %s", f)
		}
	}
}

// The further ways into a cluster that the clouds have.
func TestOtherWaysIn(t *testing.T) {
	google, azure := world.gke.(gkeCloud), world.aks.(aksCloud)
	google.AddCluster(fakegoogle.Cluster{Project: googleProject, Location: googleLocation, Name: "by-dns", DNSEndpoint: world.prod.Address, DNSExternal: true})
	azure.AddCluster(fakeazure.Cluster{
		Subscription: azureSubscription, ResourceGroup: azureGroup, Name: "local-accounts", FQDN: world.prod.Address, CA: world.ca.PEM(),
		Mode: fakeazure.LocalAccounts, ClientCA: world.ca,
	})
	azure.AddIdentity(fakeazure.Identity{
		ClientID: "00000000-0000-4000-8000-0000000000b9", ObjectID: "00000000-0000-4000-8000-0000000000a9", Secret: azureSecret,
		Actions: []string{fakeazure.ActionRead, fakeazure.ActionUserCredential, fakeazure.ActionAdminCredential},
	})
	admin := strings.ReplaceAll(azure.target("local-accounts", reader), azureClient(reader), "00000000-0000-4000-8000-0000000000b9")
	for _, tc := range []struct {
		name, target string
		env          []string
	}{
		{
			"GKE with application default credentials", strings.ReplaceAll(google.target("prod", reader), "credentialsFile="+google.files[reader]+"&", ""),
			[]string{"GOOGLE_APPLICATION_CREDENTIALS=" + google.files[reader]},
		},
		{"GKE by its DNS endpoint", google.target("by-dns", reader), nil},
		{
			"AKS with credentials of the environment", strings.ReplaceAll(azure.target("prod", reader), "&clientSecret=env:E2E_AZURE_SECRET", ""),
			[]string{"AZURE_CLIENT_SECRET=" + azureSecret},
		},
		{"AKS with local accounts", admin + "&allowLocalAccounts=true", azure.env(reader)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := scan(t, tc.env, tc.target)
			s.checkComplete(t)
			checkHolds(t, s.only(t).findings(t), prodFindings)
		})
	}
	t.Run("AKS without leave to use local accounts", func(t *testing.T) {
		t.Parallel()
		scan(t, azure.env(reader), admin).checkNotScanned(t, "access", "takes client certificates only", "allowLocalAccounts=true")
	})
}
