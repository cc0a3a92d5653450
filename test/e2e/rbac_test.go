package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kubeadm/app/phases/bootstraptoken/clusterinfo"
	"k8s.io/kubernetes/cmd/kubeadm/app/phases/bootstraptoken/node"
	"k8s.io/kubernetes/cmd/kubeadm/app/phases/kubeconfig"

	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/rbac"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/policies"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

var update = flag.Bool("update", false, "rewrite internal/rbac/defaults.json from what the API server creates")

// What the core holds for Kubernetes' own roles and bindings is what the API server creates.
func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{CA: world.ca})
	if err := c.Apply(t.Context(), nil); err != nil { // expands what is aggregated
		t.Fatal(err)
	}
	inv := inventory(t, c)
	got := rbac.Policy{Roles: inv.Roles, Aggregated: inv.Aggregated}
	for _, b := range inv.Bindings {
		b.Labels = nil
		got.Bindings = append(got.Bindings, b)
	}
	if *update {
		data, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("../../internal/rbac/defaults.json", append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := rbac.Defaults(); !reflect.DeepEqual(got, want) {
		t.Errorf("the API server creates other roles and bindings than internal/rbac/defaults.json holds; renew it with -update\ngot  %v\nwant %v", got, want)
	}
}

// What Kubernetes and kubeadm create in every cluster is no finding, and neither are the expanded default roles.
func TestFreshClusterHasNoFindingOfRBAC(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{CA: world.ca})
	if err := c.Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	client := kubernetesClient(t, c)
	_, adminErr := kubeconfig.EnsureAdminClusterRoleBindingImpl(t.Context(), client, client, time.Second, time.Minute)
	if err := errors.Join(
		adminErr, clusterinfo.CreateClusterInfoRBACRules(client), node.AllowBootstrapTokensToPostCSRs(client), node.AllowBootstrapTokensToGetNodes(client),
		node.AutoApproveNodeBootstrapTokens(client), node.AutoApproveNodeCertificateRotation(client), node.AllowAPIServerToAccessKubeletAPI(client),
	); err != nil {
		t.Fatal(err)
	}
	for _, f := range judge(t, c) {
		t.Errorf("%s on %s: %s", f.Check, f.Object, f.Message)
	}
	holdsKubeadms(t, inventory(t, c))
	// The same engine does find what is added, to what Kubernetes and kubeadm make, too.
	if err := c.Apply(t.Context(), []byte(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: mine},
		roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}, subjects: [{kind: ServiceAccount, name: web, namespace: shop}]}`)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"system:public-info-viewer", "kubeadm:get-nodes"} {
		role, err := client.RbacV1().ClusterRoles().Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		role.Rules = append(role.Rules, everything...)
		if _, err := client.RbacV1().ClusterRoles().Update(t.Context(), role, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var found []string
	for _, f := range judge(t, c) {
		found = append(found, f.Check+" "+f.Object.String())
	}
	if want := []string{
		"KM2001 ClusterRoleBinding mine", "KM2002 ClusterRoleBinding kubeadm:get-nodes", "KM2002 ClusterRoleBinding system:public-info-viewer",
		"KM2022 ClusterRoleBinding system:public-info-viewer", "KM2023 ClusterRoleBinding system:public-info-viewer", "KM2027 ClusterRoleBinding mine",
	}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

// holdsKubeadms makes sure that what a cluster has of kubeadm's roles and bindings is what the core holds for them.
func holdsKubeadms(t *testing.T, inv snapshot.Inventory) {
	t.Helper()
	known := map[string]any{}
	for _, p := range []rbac.Policy{rbac.Defaults(), rbac.Kubeadm} {
		for _, r := range p.Roles {
			r.Labels = nil
			known[r.Kind+" "+r.Namespace+"/"+r.Name] = r
		}
		for _, b := range p.Bindings {
			known[b.Kind+" "+b.Namespace+"/"+b.Name] = b
		}
	}
	for _, r := range inv.Roles {
		r.Labels = nil
		if want := known[r.Kind+" "+r.Namespace+"/"+r.Name]; !reflect.DeepEqual(want, r) {
			t.Errorf("the core holds\n%+v\nand kubeadm makes\n%+v", want, r)
		}
	}
	for _, b := range inv.Bindings {
		b.Labels = nil
		if want := known[b.Kind+" "+b.Namespace+"/"+b.Name]; !reflect.DeepEqual(want, b) {
			t.Errorf("the core holds\n%+v\nand kubeadm makes\n%+v", want, b)
		}
	}
}

// compiled is the whole pack, for the tests that judge in this process.
var compiled = sync.OnceValues(func() (*policy.Engine, error) {
	return policy.New(context.Background(), policy.Pack{Name: finding.BuiltInPack, FS: policies.FS})
})

func ownEngine(t *testing.T) *policy.Engine {
	t.Helper()
	engine, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// judge returns what the checks of RBAC find, by check.
func judge(t *testing.T, c *cluster.Cluster) []finding.Finding {
	t.Helper()
	engine := ownEngine(t)
	about := policy.Cluster{Provider: "test", Version: cluster.Version}
	var found []finding.Finding
	take := func(j policy.Judgement) {
		for _, v := range j.Verdicts {
			if v.Verdict == finding.NotEvaluated {
				t.Errorf("%s was not evaluated: %s", v.Check, v.Reason)
			}
		}
		for _, f := range j.Findings {
			if strings.HasPrefix(f.Check, "KM20") {
				found = append(found, f)
			}
		}
	}
	inv := read(t, c, func(o snapshot.Object) { take(engine.Object(t.Context(), o, about)) })
	take(engine.Cluster(t.Context(), inv, about, func(finding.Check) bool { return false }))
	slices.SortFunc(found, func(a, b finding.Finding) int { return cmp.Compare(a.Check, b.Check) })
	return found
}

// The API server and the graph answer alike over random roles and bindings, in 50,000 questions and more. A question of the graph
// is a check's: any of some verbs on any of some resources. The API server is asked about each action that this stands for.
func TestPermissionsOfRandomRoles(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{CA: world.ca})
	client := kubernetesClient(t, c)
	w := randomWorld{rand.New(rand.NewPCG(1, 2))}
	w.create(t, client)
	graph := rbac.New(inventory(t, c))
	var questions []question
	for asked := 0; asked < 60_000; {
		q := question{w.identity(), w.permission()}
		questions = append(questions, q)
		asked += len(actionsOf(q.what, words.names))
	}
	compareAnswers(t, client, graph, questions, words.names)
}

// The same for the roles that Kubernetes itself creates. Members of system:masters may do everything without RBAC, and
// nodes have an authorizer of their own.
func TestPermissionsOfBuiltInRoles(t *testing.T) {
	t.Parallel()
	c := cluster.Start(t, cluster.Options{CA: world.ca})
	client := kubernetesClient(t, c)
	var lines strings.Builder // a binding for each role of the API server that it binds to nobody
	for _, name := range []string{"admin", "edit", "view", "cluster-admin", "system:node-bootstrapper", "system:auth-delegator", "system:kubelet-api-admin"} {
		fmt.Fprintf(&lines, "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: %q}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %q}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %q}]}\n", "test-"+name, name, "user-"+name)
	}
	if err := c.Apply(t.Context(), []byte(lines.String())); err != nil {
		t.Fatal(err)
	}
	inv := inventory(t, c)
	graph := rbac.New(inv)
	var who []rbac.Identity
	v := vocabulary{groups: []string{"", "nothing.example"}, resources: []string{"nothing", "nothing/scale"}, names: []string{"", "some"}, paths: []string{"/", "/nothing"}, verbs: []string{"nothing"}}
	for _, b := range inv.Bindings {
		for _, s := range b.Subjects {
			id := rbac.Identity{User: s.Name, Groups: []string{rbac.Authenticated}}
			switch {
			case s.Name == "system:masters" || s.Name == "system:nodes":
				continue
			case s.Kind == "ServiceAccount":
				id = rbac.ServiceAccount(s.Namespace, s.Name)
			case s.Kind == "Group":
				id = rbac.Identity{User: "someone", Groups: []string{s.Name}}
			}
			who = append(who, id)
		}
	}
	for _, r := range inv.Roles {
		for _, rule := range r.Rules {
			v.verbs = append(v.verbs, rule.Verbs...)
			v.groups = append(v.groups, rule.APIGroups...)
			v.resources = append(v.resources, rule.Resources...)
			v.names = append(v.names, rule.ResourceNames...)
			v.paths = append(v.paths, rule.NonResourceURLs...)
		}
	}
	v.unique()
	random := rand.New(rand.NewPCG(3, 4))
	var questions []question
	for range 20_000 {
		// Most combinations of group and resource are nobody's: half of the questions come from a rule.
		id, a := pick(random, who), v.action(random, []string{"", "kube-system", "kube-public", "shop"})
		if rule := pick(random, pick(random, inv.Roles).Rules); random.IntN(2) == 0 && len(rule.Resources) > 0 {
			a.Path, a.Group = "", pick(random, rule.APIGroups)
			a.Resource, a.Subresource, _ = strings.Cut(pick(random, rule.Resources), "/")
			a.Verb = pick(random, rule.Verbs)
		}
		questions = append(questions, question{id, a.permission()})
	}
	compareAnswers(t, client, graph, questions, nil)
}

// The groups that the API server adds by itself are those that the graph gives a subject: with the questions above, both are told.
func TestImplicitGroups(t *testing.T) {
	t.Parallel()
	for _, s := range []snapshot.InventorySubject{
		{Kind: "ServiceAccount", Namespace: "shop", Name: "web"},
		{Kind: "User", Name: "system:serviceaccount:shop:web"},
		{Kind: "User", Name: "ada"}, // who is anonymous may not ask
	} {
		want := rbac.IdentityOf(s)
		config := rest.CopyConfig(world.prod.Admin)
		config.Impersonate = rest.ImpersonationConfig{UserName: want.User}
		review, err := clientFor(t, config).AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := review.Status.UserInfo; got.Username != want.User || !slices.Equal(got.Groups, want.Groups) {
			t.Errorf("%v: the API server says %s in %v, and the graph %v", s, got.Username, got.Groups, want)
		}
	}
}

// action is what an API server asks its authorizers about: one of a resource, or of a path outside them.
type action struct {
	Verb        string
	Namespace   string // empty for cluster-scoped resources, and for all namespaces at once
	Group       string
	Resource    string
	Subresource string
	Name        string // empty where the request carries none
	Path        string // of a request outside resources; Resource is empty then
}

// permission is the one that stands for the action alone.
func (a action) permission() rbac.Permission {
	p := rbac.Permission{Verbs: []string{a.Verb}}
	if a.Resource == "" {
		p.NonResourceURLs = []string{a.Path}
		return p
	}
	p.APIGroups, p.Resources = []string{a.Group}, []string{strings.TrimSuffix(a.Resource+"/"+a.Subresource, "/")}
	if p.Namespaces = []string{a.Namespace}; a.Namespace == "" {
		p.Namespaces, p.Extent = nil, rbac.InCluster
	}
	if a.Name != "" && !a.nameless() {
		p.ResourceNames = []string{a.Name}
	}
	return p
}

// nameless reports whether requests for the action carry no name: what is created has none yet, unless it is below what is there.
func (a action) nameless() bool {
	return a.Verb == "deletecollection" || a.Verb == "create" && a.Subresource == ""
}

// actionsOf are those that a permission stands for: where it names no objects, with each of the names and with none.
func actionsOf(p rbac.Permission, names []string) (list []action) {
	if len(p.ResourceNames) > 0 {
		names = p.ResourceNames
	} else {
		names = append([]string{""}, names...)
	}
	namespaces := p.Namespaces
	switch {
	case p.Extent == rbac.InCluster:
		namespaces = []string{""}
	case namespaces == nil:
		namespaces = append([]string{""}, randomNamespaces...)
	}
	for _, verb := range p.Verbs {
		for _, path := range p.NonResourceURLs {
			list = append(list, action{Verb: verb, Path: path})
		}
		for _, group := range p.APIGroups {
			for _, r := range p.Resources {
				for _, namespace := range namespaces {
					for _, name := range names {
						a := action{Verb: verb, Group: group, Namespace: namespace, Name: name}
						if a.Resource, a.Subresource, _ = strings.Cut(r, "/"); a.nameless() {
							a.Name = ""
						}
						if !slices.Contains(list, a) {
							list = append(list, a)
						}
					}
				}
			}
		}
	}
	return list
}

// question is whether somebody holds a permission.
type question struct {
	who  rbac.Identity
	what rbac.Permission
}

// answer is whether any of a permission is held, and whether any of it is for objects without a name and so for all.
type answer struct{ some, all bool }

// compareAnswers asks the API server and the graph every question, and reports what they answer differently.
func compareAnswers(t *testing.T, client kubernetes.Interface, graph *rbac.Graph, questions []question, names []string) {
	t.Helper()
	var asked, allowed, different atomic.Int64
	asking, ctx := errgroup.WithContext(t.Context())
	asking.SetLimit(32)
	for _, q := range questions {
		asking.Go(func() error {
			var want, got answer
			for _, a := range actionsOf(q.what, names) {
				ok, err := ask(ctx, client, q.who, a)
				if err != nil {
					return fmt.Errorf("%+v %+v: %w", q.who, a, err)
				}
				asked.Add(1)
				if ok {
					allowed.Add(1)
					want.some, want.all = true, want.all || a.Name == ""
				}
			}
			for _, n := range graph.Of(q.who) {
				if h, ok := n.Gives(q.what); ok {
					got.some, got.all = true, got.all || h.Names == nil
				}
			}
			if len(q.what.ResourceNames) > 0 { // none of the actions is for all
				want.all, got.all = false, false
			}
			if len(q.what.ResourceNames) == 0 && names == nil { // nor was it asked what is held for some names alone
				got.some = got.all
			}
			if got != want && different.Add(1) <= 20 {
				t.Errorf("%+v holds %+v: the API server says %+v, and the graph %+v", q.who, q.what, want, got)
			}
			return nil
		})
	}
	if err := asking.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d permissions; %d questions, of which the API server allows %d; %d differences", len(questions), asked.Load(), allowed.Load(), different.Load())
	if n := allowed.Load(); n < asked.Load()/20 || n > asked.Load()*19/20 {
		t.Errorf("the API server allows %d of %d: the questions tell little", n, asked.Load())
	}
}

func ask(ctx context.Context, client kubernetes.Interface, who rbac.Identity, a action) (bool, error) {
	spec := authorizationv1.SubjectAccessReviewSpec{User: who.User, Groups: who.Groups}
	if a.Resource == "" {
		spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: a.Verb, Path: a.Path}
	} else {
		spec.ResourceAttributes = &authorizationv1.ResourceAttributes{
			Verb: a.Verb, Namespace: a.Namespace, Group: a.Group, Resource: a.Resource, Subresource: a.Subresource, Name: a.Name,
		}
	}
	review, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

func inventory(t *testing.T, c *cluster.Cluster) snapshot.Inventory {
	t.Helper()
	return read(t, c, func(snapshot.Object) {})
}

// read gathers the inventory as a scan does.
func read(t *testing.T, c *cluster.Cluster, each func(snapshot.Object)) snapshot.Inventory {
	t.Helper()
	var index snapshot.Index
	var kinds []snapshot.Kind
	for _, name := range []string{"Namespace", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount"} {
		k, _ := snapshot.KindNamed(name)
		kinds = append(kinds, k)
	}
	config := rest.CopyConfig(c.Admin)
	config.QPS = 100
	coverage, err := collect.NewLive(config, 0).Collect(t.Context(), collect.Scope{Kinds: kinds}, func(page []snapshot.Object) error {
		for _, o := range page {
			index.Add(o)
			each(o)
		}
		return nil
	})
	if err != nil || len(coverage.Gaps) > 0 {
		t.Fatal(err, coverage.Gaps)
	}
	return index.Inventory()
}

func kubernetesClient(t *testing.T, c *cluster.Cluster) kubernetes.Interface {
	t.Helper()
	return clientFor(t, c.Admin)
}

func clientFor(t *testing.T, config *rest.Config) kubernetes.Interface {
	t.Helper()
	config = rest.CopyConfig(config)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// randomWorld draws roles, bindings and questions from one small vocabulary, so that they meet.
type randomWorld struct{ *rand.Rand }

var (
	randomNamespaces = []string{"ns-0", "ns-1", "ns-2"}
	randomUsers      = []string{"ada", "bob", "system:serviceaccount:ns-0:sa-0", "system:serviceaccount:ns-1:sa-1"}
	randomGroups     = []string{"ops", "dev", rbac.ServiceAccounts, rbac.ServiceAccounts + ":ns-0", rbac.Authenticated, rbac.Unauthenticated}
	randomAccounts   = []string{"sa-0", "sa-1", "default"}
	words            = vocabulary{
		verbs:     []string{"get", "list", "watch", "create", "update", "delete", "deletecollection", "escalate", "impersonate:user-info", "*"},
		groups:    []string{"", "apps", "rbac.authorization.k8s.io", "shop.example", "*"},
		resources: []string{"pods", "pods/exec", "pods/log", "*/log", "*/scale", "*/*", "pods/*", "deployments", "deployments/scale", "secrets", "nodes/proxy", "*"},
		names:     []string{"a", "b", "*"},
		paths:     []string{"/", "/healthz", "/healthz/*", "/metrics", "/metrics*", "/logs/**", "/*", "*"},
	}
)

const randomRoles, randomBindings = 60, 70 // of each kind

func (w randomWorld) create(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	api, ctx, none := client.RbacV1(), t.Context(), metav1.CreateOptions{}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range randomNamespaces {
		_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, none)
		check(err)
	}
	for i := range randomRoles {
		meta := metav1.ObjectMeta{Name: fmt.Sprint("role-", i)}
		_, err := api.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: w.rules(true)}, none)
		check(err)
		meta.Namespace = pick(w.Rand, randomNamespaces)
		_, err = api.Roles(meta.Namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: w.rules(false)}, none)
		check(err)
	}
	for i := range randomBindings {
		meta := metav1.ObjectMeta{Name: fmt.Sprint("binding-", i)}
		_, err := api.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: w.ref("ClusterRole"), Subjects: w.subjects(false)}, none)
		check(err)
		meta.Namespace = pick(w.Rand, randomNamespaces)
		_, err = api.RoleBindings(meta.Namespace).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: w.ref(pick(w.Rand, []string{"Role", "ClusterRole"})), Subjects: w.subjects(true)}, none)
		check(err)
	}
	w.settle(t, client)
}

// settle waits until the authorizer, which watches each of the four kinds by itself, has seen the last of each.
func (w randomWorld) settle(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	api, none := client.RbacV1(), metav1.CreateOptions{}
	meta := metav1.ObjectMeta{Name: "last", Namespace: "ns-0"}
	rules := []rbacv1.PolicyRule{{Verbs: []string{"settle"}, APIGroups: []string{""}, Resources: []string{"pods"}}}
	subject := func(name string) []rbacv1.Subject {
		return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}}
	}
	ref := func(kind string) rbacv1.RoleRef {
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: "last"}
	}
	_, err1 := api.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "last"}, Rules: rules}, none)
	_, err2 := api.Roles("ns-0").Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, none)
	_, err3 := api.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "last"}, RoleRef: ref("ClusterRole"), Subjects: subject("last-cluster")}, none)
	_, err4 := api.RoleBindings("ns-0").Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref("Role"), Subjects: subject("last-namespace")}, none)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"last-cluster", "last-namespace"} {
		awaitAllowed(t, client, rbac.Identity{User: user}, action{Verb: "settle", Resource: "pods", Namespace: "ns-0"})
	}
}

func awaitAllowed(t *testing.T, client kubernetes.Interface, who rbac.Identity, a action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		ok, err := ask(ctx, client, who, a)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return
		}
	}
}

func (w randomWorld) rules(paths bool) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for range w.IntN(4) {
		if paths && w.IntN(4) == 0 {
			rules = append(rules, rbacv1.PolicyRule{Verbs: w.some(words.verbs), NonResourceURLs: w.some(words.paths)})
			continue
		}
		rule := rbacv1.PolicyRule{Verbs: w.some(words.verbs), APIGroups: w.some(words.groups), Resources: w.some(words.resources)}
		if w.IntN(3) == 0 {
			rule.ResourceNames = w.some(append(slices.Clip(words.names), "")) // the name of requests without one
		}
		rules = append(rules, rule)
	}
	return rules
}

// ref may name a role that does not exist.
func (w randomWorld) ref(kind string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: fmt.Sprint("role-", w.IntN(randomRoles+5))}
}

func (w randomWorld) subjects(namespaced bool) []rbacv1.Subject {
	var out []rbacv1.Subject
	for range w.IntN(3) {
		switch w.IntN(4) {
		case 0:
			out = append(out, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: pick(w.Rand, randomUsers)})
		case 1:
			// system:authenticated and the like would have a share in every question.
			out = append(out, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: pick(w.Rand, randomGroups)})
		default:
			s := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: pick(w.Rand, randomNamespaces), Name: pick(w.Rand, randomAccounts)}
			if namespaced && w.IntN(3) == 0 {
				s.Namespace = "" // the binding's own
			}
			out = append(out, s)
		}
	}
	return out
}

func (w randomWorld) identity() rbac.Identity {
	switch w.IntN(4) {
	case 0:
		return rbac.Identity{User: pick(w.Rand, randomUsers)}
	case 1:
		return rbac.Identity{User: "nobody", Groups: w.some(randomGroups)}
	}
	id := rbac.ServiceAccount(pick(w.Rand, randomNamespaces), pick(w.Rand, randomAccounts))
	id.Groups = slices.DeleteFunc(id.Groups, func(string) bool { return w.IntN(2) == 0 })
	return id
}

// permission is half of the time that of a single action, and else of several.
func (w randomWorld) permission() rbac.Permission {
	if w.IntN(2) == 0 {
		return words.action(w.Rand, append([]string{""}, randomNamespaces...)).permission()
	}
	p := rbac.Permission{Verbs: w.some(words.verbs)}
	if w.IntN(6) == 0 {
		for range 1 + w.IntN(3) {
			p.NonResourceURLs = append(p.NonResourceURLs, words.path(w.Rand))
		}
		return p
	}
	p.APIGroups, p.Resources = w.some(words.groups), w.some(words.resources)
	if w.IntN(2) == 0 {
		p.ResourceNames = w.some(words.names)
	}
	switch w.IntN(3) {
	case 0:
		p.Namespaces = w.some(randomNamespaces)
	case 1:
		p.Extent = rbac.InCluster
	}
	return p
}

// some is one to three of the words.
func (w randomWorld) some(list []string) []string {
	var out []string
	for range 1 + w.IntN(3) {
		out = append(out, pick(w.Rand, list))
	}
	return out
}

// vocabulary is what rules and requests are made of.
type vocabulary struct{ verbs, groups, resources, names, paths []string }

func (v *vocabulary) unique() {
	for _, list := range []*[]string{&v.verbs, &v.groups, &v.resources, &v.names, &v.paths} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

func (v vocabulary) path(random *rand.Rand) string {
	path := strings.TrimRight(pick(random, v.paths), "*")
	return cmp.Or(path+pick(random, []string{"", "more", "/more"}), "/")
}

func (v vocabulary) action(random *rand.Rand, namespaces []string) action {
	if random.IntN(6) == 0 {
		return action{Verb: pick(random, v.verbs), Path: v.path(random)}
	}
	a := action{Verb: pick(random, v.verbs), Group: pick(random, v.groups), Namespace: pick(random, namespaces), Name: pick(random, append([]string{"", "c"}, v.names...))}
	a.Resource, a.Subresource, _ = strings.Cut(pick(random, v.resources), "/")
	return a
}

func pick[T any](random *rand.Rand, list []T) T {
	if len(list) == 0 {
		var zero T
		return zero
	}
	return list[random.IntN(len(list))]
}
