package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/policies"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
	"github.com/kubemuster/kubemuster/test/e2e/memory"
)

const readerToken = "the-token-of-the-benchmark"

// usage is what a measured thing took.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

func run(ctx context.Context, s size, rounds int, checks, profile string, hold bool) error {
	dir, err := os.MkdirTemp("", "kubemuster-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := buildCommands(ctx, dir, profile != ""); err != nil {
		return err
	}
	ca := cloudfake.NewCA("bench")
	c, err := cluster.Run(ctx, cluster.Options{CA: ca, Tokens: map[string]cluster.User{readerToken: {Name: "bench", Groups: []string{"kubemuster:readers"}}}})
	if err != nil {
		return err
	}
	defer c.Stop()
	if err := c.ApplyPath(ctx, "../../deploy/kubernetes"); err != nil {
		return err
	}
	start := time.Now()
	if err := fill(ctx, c, s); err != nil {
		return fmt.Errorf("filling the API server: %w", err)
	}
	fmt.Printf("%d pods, %d deployments with their ReplicaSets, %d nodes; filled in %v\n", s.pods, s.deployments, s.nodes, time.Since(start).Round(time.Second))
	if err := writeKubeconfig(filepath.Join(dir, "kubeconfig"), c, ca); err != nil {
		return err
	}
	engine, err := policy.New(ctx, policy.Pack{Name: "kubemuster", FS: policies.FS})
	if err != nil {
		return err
	}
	command := scanCommand(dir)
	if checks != "" {
		if engine, err = engine.Configure(policy.Settings{Select: strings.Split(checks, ",")}); err != nil {
			return err
		}
		command = append(command, "--check", checks)
	}
	kinds := slices.DeleteFunc(engine.Kinds(), func(k snapshot.Kind) bool { return k.OptIn != "" || k.Custom() }) // no add-on is installed
	var lists, scans []usage
	var first []time.Duration
	findings := 0
	for range rounds + 1 { // the first round warms up both sides
		l, n, err := bareList(ctx, c, kinds)
		if err != nil {
			return fmt.Errorf("listing: %w", err)
		}
		if n["Pod"] != s.pods || n["Deployment"] != s.deployments {
			return fmt.Errorf("the server lists %d pods and %d deployments", n["Pod"], n["Deployment"])
		}
		began := time.Now()
		u, err := scan(ctx, command, profile)
		if err != nil {
			return err
		}
		if findings, err = countFindings(filepath.Join(dir, "report.sarif")); err != nil {
			return err
		}
		request, err := firstRequest(c, began)
		if err != nil {
			return err
		}
		lists, scans, first = append(lists, l), append(scans, u), append(first, request)
	}
	lists, scans, first = lists[1:], scans[1:], first[1:]
	print(lists, scans, first, findings)
	if err := checkCosts(ctx, c, engine); err != nil || !hold {
		return err
	}
	fmt.Println("\n" + strings.Join(command, " "))
	<-ctx.Done()
	return nil
}

func buildCommands(ctx context.Context, dir string, profiled bool) error {
	plugins := filepath.Join(dir, "plugins")
	scanner := []string{"../..", "go", "build", "-o", filepath.Join(dir, "kubemuster"), "./cmd/scanner"}
	if profiled {
		scanner[0], scanner[len(scanner)-1] = ".", "./bench/profiled"
	}
	for _, args := range [][]string{
		scanner,
		{"../..", "go", "build", "-o", filepath.Join(plugins, "kubemuster-auth-kubeconfig"), "./plugins/kubeconfig"},
		{"../..", filepath.Join(dir, "kubemuster"), "plugins", "lock", "--plugin-dir", plugins},
	} {
		cmd := exec.CommandContext(ctx, args[1], args[2:]...)
		cmd.Dir, cmd.Env = args[0], append(os.Environ(), "KUBEMUSTER_BENCH_PROFILE="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(args[1:], " "), err, out)
		}
	}
	return nil
}

func writeKubeconfig(path string, c *cluster.Cluster, ca *cloudfake.CA) error {
	type object = map[string]any
	data, err := json.Marshal(object{
		"apiVersion": "v1", "kind": "Config",
		"clusters": []object{{"name": "bench", "cluster": object{"server": c.URL(), "certificate-authority-data": ca.PEM()}}},
		"users":    []object{{"name": "bench", "user": object{"token": readerToken}}},
		"contexts": []object{{"name": "bench", "context": object{"cluster": "bench", "user": "bench"}}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// bareList lists kinds as a client that does nothing else would: client-go, protobuf, pages of 500, as many kinds at once
// as the scanner. It returns how many objects of each there were.
func bareList(ctx context.Context, c *cluster.Cluster, kinds []snapshot.Kind) (usage, map[string]int, error) {
	runtime.GC()
	debug.FreeOSMemory()
	counts := make([]int, len(kinds))
	before, start := cpuTime(), time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, k := range kinds {
		config := rest.CopyConfig(c.Admin)
		config.BearerToken = readerToken
		config.GroupVersion = &schema.GroupVersion{Group: k.Group, Version: k.Version}
		config.APIPath = "/apis"
		if k.Group == "" {
			config.APIPath = "/api"
		}
		config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
		config.AcceptContentTypes, config.ContentType = "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf"
		client, err := rest.RESTClientFor(config)
		if err != nil {
			return usage{}, nil, err
		}
		group.Go(func() error {
			opts := metav1.ListOptions{Limit: collect.DefaultPageSize}
			for {
				list, err := client.Get().Resource(k.Resource).VersionedParams(&opts, scheme.ParameterCodec).Do(ctx).Get()
				var st apierrors.APIStatus
				if apierrors.IsResourceExpired(err) && errors.As(err, &st) && st.Status().Continue != "" {
					opts.Continue = st.Status().Continue // on a slow machine the server compacts meanwhile
					continue
				}
				if err != nil {
					return err
				}
				m, err := meta.ListAccessor(list)
				if err != nil {
					return err
				}
				counts[i] += meta.LenList(list)
				if opts.Continue = m.GetContinue(); opts.Continue == "" {
					return nil
				}
			}
		})
	}
	err := group.Wait()
	u := usage{wall: time.Since(start), cpu: cpuTime() - before}
	byKind := map[string]int{}
	for i, k := range kinds {
		byKind[k.Name] = counts[i]
	}
	return u, byKind, err
}

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // never fails
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func scanCommand(dir string) []string {
	return []string{
		filepath.Join(dir, "kubemuster"), "scan", "--no-progress", "--plugin-dir", filepath.Join(dir, "plugins"),
		"kubeconfig://bench?kubeconfig=" + filepath.Join(dir, "kubeconfig"), "-o", "sarif=" + filepath.Join(dir, "report.sarif"),
	}
}

// scan runs the scanner's executable, with its plugin, and writes SARIF to a file. CPU time is that of both, memory the scanner's.
func scan(ctx context.Context, args []string, profile string) (usage, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if profile != "" {
		if err := os.MkdirAll(profile, 0o700); err != nil {
			return usage{}, err
		}
		cmd.Env = append(os.Environ(), "KUBEMUSTER_BENCH_PROFILE="+profile)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	peak := memory.Watch(cmd)
	if err := cmd.Wait(); err != nil {
		return usage{}, fmt.Errorf("the scan: %w\n%s", err, &stderr)
	}
	return usage{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak: peak()}, nil
}

func countFindings(path string) (int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	var report struct {
		Runs []struct {
			Results []struct {
				Kind string `json:"kind"`
			} `json:"results"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return 0, err
	}
	n := 0
	for _, run := range report.Runs {
		for _, r := range run.Results {
			n += btoi(r.Kind == "fail")
		}
	}
	return n, nil
}

// firstRequest is the time from the start of the scanner to its first request, by the server's audit log: until then it has
// compiled the checks, and its plugin has started and told the way.
func firstRequest(c *cluster.Cluster, start time.Time) (time.Duration, error) {
	events, err := c.Audit()
	if err != nil {
		return 0, err
	}
	for _, e := range events {
		if strings.HasPrefix(e.UserAgent, "kubemuster/") && e.RequestReceivedTimestamp.After(start) {
			return e.RequestReceivedTimestamp.Sub(start), nil
		}
	}
	return 0, errors.New("the audit log holds no request of the scanner's")
}

func print(lists, scans []usage, first []time.Duration, findings int) {
	wall := func(u usage) time.Duration { return u.wall }
	cpu := func(u usage) time.Duration { return u.cpu }
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\nmedian of %d rounds\tbare LIST\tscan\tscan / LIST\t\n", len(lists))
	for _, row := range []struct {
		name string
		of   func(usage) time.Duration
	}{{"wall", wall}, {"CPU", cpu}} {
		var ratios []float64
		for i := range lists {
			ratios = append(ratios, float64(row.of(scans[i]))/float64(row.of(lists[i])))
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t%.2f\t\n", row.name, ms(median(each(lists, row.of))), ms(median(each(scans, row.of))), median(ratios))
	}
	fmt.Fprintf(w, "peak memory, MB (highest)\t\t%.0f\t\t\n", float64(slices.Max(each(scans, func(u usage) int64 { return u.peak })))/1e6)
	fmt.Fprintf(w, "start to first request\t\t%v\t\t\n", ms(median(first)))
	fmt.Fprintf(w, "findings\t\t%d\t\t\n", findings)
	_ = w.Flush()
}

// checkCosts times each check by itself on the workloads of the cluster, so that a slow one stands out. As in a scan, what a
// check was asked before is known.
func checkCosts(ctx context.Context, c *cluster.Cluster, engine *policy.Engine) error {
	kind, _ := snapshot.KindNamed("Deployment")
	var objects []snapshot.Object
	_, err := collect.NewLive(c.Admin, 0).Collect(ctx, collect.Scope{Kinds: []snapshot.Kind{kind}}, func(page []snapshot.Object) error {
		objects = append(objects, page...)
		return nil
	})
	if err != nil {
		return err
	}
	objects = objects[:min(len(objects), 1000)]
	about := policy.Cluster{Provider: "kubeconfig", Version: cluster.Version}
	type cost struct {
		id         string
		ns, median time.Duration
	}
	timed := func(e *policy.Engine) cost {
		times, judge := make([]time.Duration, len(objects)), e.For(about)
		for i, o := range objects {
			start := time.Now()
			judge.Object(ctx, o)
			times[i] = time.Since(start)
		}
		var sum time.Duration
		for _, t := range times {
			sum += t
		}
		return cost{ns: sum / time.Duration(len(times)), median: median(times)}
	}
	var costs []cost
	judging := 0
	for _, check := range engine.Checks() {
		if !engine.Judges(check.ID, kind.Name) {
			continue
		}
		judging++
		one, err := engine.Configure(policy.Settings{Select: []string{check.ID}})
		if err != nil {
			return err
		}
		timed(one)
		co := timed(one)
		co.id = check.ID + " " + check.Name
		costs = append(costs, co)
	}
	timed(engine)
	whole := timed(engine)
	slices.SortFunc(costs, func(a, b cost) int { return cmp.Compare(b.median, a.median) })
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\none Deployment, %d of them\tmean\tmedian\t\n", len(objects))
	fmt.Fprintf(w, "all %d checks at once\t%v\t%v\t\n", judging, us(whole.ns), us(whole.median))
	fmt.Fprintf(w, "a check, of these\t%v\t%v\t\n", us(whole.ns/time.Duration(judging)), us(whole.median/time.Duration(judging)))
	for _, co := range costs[:min(len(costs), 6)] {
		fmt.Fprintf(w, "%s by itself\t%v\t%v\t\n", co.id, us(co.ns), us(co.median))
	}
	return w.Flush()
}

func median[T cmp.Ordered](list []T) T { return slices.Sorted(slices.Values(list))[len(list)/2] }

func each[T, U any](list []T, of func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = of(v)
	}
	return out
}

func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
func us(d time.Duration) time.Duration { return d.Round(100 * time.Nanosecond) }
