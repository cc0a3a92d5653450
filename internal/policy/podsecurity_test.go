package policy_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	podsecurity "k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// controls says which of our checks make up a control of the Pod Security Standards: it forbids a pod where one of them fails.
var controls = map[podsecurity.CheckID][]string{
	"allowPrivilegeEscalation":   {"KM1022"},
	"appArmorProfile":            {"KM1010"},
	"capabilities_baseline":      {"KM1006"},
	"capabilities_restricted":    {"KM1026"},
	"hostNamespaces":             {"KM1002", "KM1003", "KM1004"},
	"hostPathVolumes":            {"KM1007"},
	"hostPorts":                  {"KM1008"},
	"hostProbesAndHostLifecycle": {"KM1009"},
	"privileged":                 {"KM1005"},
	"procMount":                  {"KM1012 high"}, // in a user namespace the check fails with a lower severity, and baseline allows it
	"procMount_restricted":       {"KM1012 high", "KM1012 low"},
	"restrictedVolumes":          {"KM1007", "KM1021"}, // KM1021 leaves hostPath to KM1007
	"runAsNonRoot":               {"KM1023"},
	"runAsUser":                  {"KM1024"},
	"seLinuxOptions":             {"KM1011"},
	"seccompProfile_baseline":    {"KM1013"},
	"seccompProfile_restricted":  {"KM1025"},
	"sysctls":                    {"KM1014"},
	"windowsHostProcess":         {"KM1001"},
}

// Each control of baseline and restricted, in its newest version, says of every generated pod what Kubernetes' own code says.
func TestPodSecurityOnGeneratedPods(t *testing.T) {
	const shards, pods = 8, 2_500
	standard := newStandard(t)
	forbidden := make([]map[podsecurity.CheckID]int, shards)
	var all sync.WaitGroup
	for shard := range shards {
		forbidden[shard] = map[podsecurity.CheckID]int{}
		all.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(shard)))
			for range pods {
				for control := range standard.compare(t, generatePod(random.IntN)) {
					forbidden[shard][control]++
				}
				if t.Failed() {
					return // one pod tells enough
				}
			}
		})
	}
	all.Wait()
	for control := range controls {
		const least = shards * pods / 50
		n := 0
		for _, f := range forbidden {
			n += f[control]
		}
		if n < least || n > shards*pods-least {
			t.Errorf("%s forbids %d of %d pods: they tell too little of it", control, n, shards*pods)
		}
	}
}

// The same holds for the pods that Kubernetes tests its controls with.
func TestPodSecurityOnUpstreamFixtures(t *testing.T) {
	standard := newStandard(t)
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[podsecurity.CheckID]bool{}
	for _, level := range []string{"baseline", "restricted"} {
		for _, verdict := range []string{"pass", "fail"} {
			files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "test/testdata", level, newest, verdict, "*.yaml"))
			if len(files) < 10 {
				t.Fatalf("%s of %s has %d pods", verdict, level, len(files))
			}
			for _, file := range files {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var pod corev1.Pod
				if err := yaml.UnmarshalStrict(data, &pod); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				of := strings.TrimRight(strings.TrimSuffix(filepath.Base(file), ".yaml"), "0123456789")
				for control := range standard.compare(t, &pod) {
					seen[control] = seen[control] || verdict == "fail" && strings.EqualFold(string(control), of)
				}
			}
		}
	}
	for control := range controls {
		if !seen[control] {
			t.Errorf("no pod fails %s", control)
		}
	}
}

// newest is the folder of the newest version that the fixtures know.
const newest = "v1.37"

func FuzzPodSecurity(f *testing.F) {
	standard := newStandard(f)
	random := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		seed := make([]byte, 400)
		for i := range seed {
			seed[i] = byte(random.UintN(256))
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		standard.compare(t, generatePod(func(n int) int {
			if len(data) == 0 {
				return 0
			}
			choice := int(data[0]) % n
			data = data[1:]
			return choice
		}))
	})
}

// standard judges pods twice: with our checks and with Kubernetes' own.
type standard struct {
	engine *policy.Engine
	checks []podsecurity.Check
	kind   snapshot.Kind
}

func newStandard(t testing.TB) standard {
	t.Helper()
	engine, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	s := standard{checks: podsecurity.DefaultChecks()}
	s.kind, _ = snapshot.KindNamed("Pod")
	ids := map[string]bool{}
	for _, c := range s.checks {
		if controls[c.ID] == nil {
			t.Errorf("no check answers the control %s", c.ID)
		}
		for _, id := range controls[c.ID] {
			id, _, _ = strings.Cut(id, " ")
			ids[id] = true
		}
	}
	if len(s.checks) != len(controls) {
		t.Errorf("Kubernetes has %d controls, the table %d", len(s.checks), len(controls))
	}
	if s.engine, err = engine.Configure(policy.Settings{Select: slices.Sorted(maps.Keys(ids))}); err != nil {
		t.Fatal(err)
	}
	return s
}

// compare reports each control on which the two differ, and returns those that forbid the pod.
func (s standard) compare(t *testing.T, pod *corev1.Pod) map[podsecurity.CheckID]bool {
	t.Helper()
	j := s.engine.Object(t.Context(), snapshot.Object{Kind: s.kind, Value: pod}, policy.Cluster{Provider: "test", Version: "v1.37.2"})
	ours := map[string]bool{}
	for _, f := range j.Findings {
		ours[f.Check], ours[f.Check+" "+f.Severity.String()] = true, true
	}
	for _, v := range j.Verdicts {
		if v.Verdict == finding.NotEvaluated {
			t.Errorf("%s was not evaluated: %s", v.Check, v.Reason)
		}
	}
	forbidden := map[podsecurity.CheckID]bool{}
	for _, c := range s.checks {
		theirs := c.Versions[len(c.Versions)-1].CheckPod(&pod.ObjectMeta, &pod.Spec)
		if !theirs.Allowed {
			forbidden[c.ID] = true
		}
		if fails := slices.ContainsFunc(controls[c.ID], func(id string) bool { return ours[id] }); fails == theirs.Allowed {
			text, _ := yaml.Marshal(pod)
			t.Errorf("%s: Kubernetes allows is %v (%s), %v fails is %v, for\n%s", c.ID, theirs.Allowed, theirs.ForbiddenDetail, controls[c.ID], fails, text)
		}
	}
	return forbidden
}

// choose returns a number from 0 to n-1; 0 is what is most common.
type choose func(n int) int

// generatePod sets the fields that the controls look at: absent, empty, allowed and forbidden. Fields are mostly absent, so that
// pods which a control allows are common too. A volume has one type at most, as the API server wants it.
func generatePod(c choose) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod", Namespace: "shop"}}
	s := &pod.Spec
	s.HostNetwork, s.HostPID, s.HostIPC = c(8) == 1, c(8) == 1, c(8) == 1
	s.HostUsers = maybe(c, 2, truth)
	s.OS = maybe(c, 3, func(c choose) corev1.PodOS {
		return corev1.PodOS{Name: pick(c, corev1.Windows, corev1.Linux, "")}
	})
	s.SecurityContext = maybe(c, 2, generatePodSecurity)
	s.Volumes = list(c, 3, generateVolume)
	s.InitContainers = list(c, 2, generateContainer)
	for i := range s.InitContainers {
		if c(2) == 1 {
			always := corev1.ContainerRestartPolicyAlways
			s.InitContainers[i].RestartPolicy = &always
		}
	}
	s.Containers = append(list(c, 2, generateContainer), generateContainer(c))
	for _, container := range list(c, 2, generateContainer) {
		s.EphemeralContainers = append(s.EphemeralContainers, corev1.EphemeralContainer{EphemeralContainerCommon: ephemeral(container)})
	}
	var names []string
	for i := range s.InitContainers {
		s.InitContainers[i].Name = fmt.Sprint("init", i)
		names = append(names, s.InitContainers[i].Name)
	}
	for i := range s.Containers {
		s.Containers[i].Name = fmt.Sprint("main", i)
		names = append(names, s.Containers[i].Name)
	}
	for i := range s.EphemeralContainers {
		s.EphemeralContainers[i].Name = fmt.Sprint("debug", i)
		names = append(names, s.EphemeralContainers[i].Name)
	}
	for i := range s.Volumes {
		s.Volumes[i].Name = fmt.Sprint("volume", i)
	}
	switch c(4) {
	case 1:
		pod.Annotations = map[string]string{}
	case 2:
		pod.Annotations = map[string]string{
			pick(c, "container.apparmor.security.beta.kubernetes.io/", "Container.apparmor.security.beta.kubernetes.io/", "apparmor.security.beta.kubernetes.io/", "x/") + pick(c, append(names, "gone", "")...): pick(c, "runtime/default", "unconfined", "localhost/mine", "localhost", "", "Unconfined"),
			pick(c, "seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/"+names[0]):                                                                                      pick(c, "unconfined", "runtime/default"),
		}
	}
	return pod
}

// ephemeral is a container as one that is added later; it has the same fields.
func ephemeral(c corev1.Container) corev1.EphemeralContainerCommon {
	return corev1.EphemeralContainerCommon(c)
}

func generatePodSecurity(c choose) corev1.PodSecurityContext {
	return corev1.PodSecurityContext{
		RunAsNonRoot: maybe(c, 2, truth), RunAsUser: maybe(c, 3, user), SeccompProfile: maybe(c, 3, seccomp),
		AppArmorProfile: maybe(c, 3, appArmor), SELinuxOptions: maybe(c, 3, seLinux), WindowsOptions: maybe(c, 4, windows),
		Sysctls: list(c, 3, func(c choose) corev1.Sysctl {
			return corev1.Sysctl{Name: pick(c, "net.ipv4.tcp_syncookies", "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range",
				"net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
				"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
				"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat",
				"kernel.msgmax", "net.ipv4.tcp_mem", "net/ipv4/tcp_syncookies", "")}
		}),
	}
}

func generateContainer(c choose) corev1.Container {
	return corev1.Container{
		Image:           "registry.example/shop/web:1.4",
		SecurityContext: maybe(c, 2, generateSecurity),
		Ports: list(c, 2, func(c choose) corev1.ContainerPort {
			return corev1.ContainerPort{ContainerPort: 80, HostPort: pick[int32](c, 0, 0, 0, 80)}
		}),
		LivenessProbe: maybe(c, 6, probe), ReadinessProbe: maybe(c, 6, probe), StartupProbe: maybe(c, 6, probe),
		Lifecycle: maybe(c, 6, func(c choose) corev1.Lifecycle {
			return corev1.Lifecycle{PostStart: maybe(c, 2, hook), PreStop: maybe(c, 2, hook)}
		}),
	}
}

func generateSecurity(c choose) corev1.SecurityContext {
	return corev1.SecurityContext{
		Privileged: maybe(c, 5, truth), AllowPrivilegeEscalation: maybe(c, 1, truth),
		RunAsNonRoot: maybe(c, 2, truth), RunAsUser: maybe(c, 4, user), SeccompProfile: maybe(c, 3, seccomp),
		AppArmorProfile: maybe(c, 4, appArmor), SELinuxOptions: maybe(c, 4, seLinux), WindowsOptions: maybe(c, 5, windows),
		ProcMount: maybe(c, 4, func(c choose) corev1.ProcMountType {
			return pick(c, corev1.DefaultProcMount, corev1.UnmaskedProcMount, "", "default")
		}),
		Capabilities: maybe(c, 1, func(c choose) corev1.Capabilities {
			return corev1.Capabilities{
				Add:  list(c, 3, capability),
				Drop: append(list(c, 2, capability), slices.Repeat([]corev1.Capability{"ALL"}, min(1, c(4)))...),
			}
		}),
	}
}

func capability(c choose) corev1.Capability {
	return pick[corev1.Capability](c, "NET_BIND_SERVICE", "NET_BIND_SERVICE", "CHOWN", "AUDIT_WRITE", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
		"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "NET_BIND_SERVICE", "NET_RAW", "SYS_ADMIN", "ALL", "all", "CAP_CHOWN", "chown", "")
}

func probe(c choose) corev1.Probe {
	h := hook(c)
	return corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: h.HTTPGet, TCPSocket: h.TCPSocket, Exec: h.Exec}}
}

func hook(c choose) corev1.LifecycleHandler {
	host := pick(c, "", "", "127.0.0.1", "::1", "localhost", "node")
	switch c(4) {
	case 1:
		return corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Host: host, Port: intstr.FromInt32(80)}}
	case 2:
		return corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{Host: host, Port: intstr.FromString("http")}}
	case 3:
		return corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{host}}}
	}
	return corev1.LifecycleHandler{}
}

func seccomp(c choose) corev1.SeccompProfile {
	return corev1.SeccompProfile{Type: pick(c, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeLocalhost, corev1.SeccompProfileTypeUnconfined, "", "runtimeDefault")}
}

func appArmor(c choose) corev1.AppArmorProfile {
	return corev1.AppArmorProfile{Type: pick(c, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeLocalhost, corev1.AppArmorProfileTypeUnconfined, "", "runtimeDefault")}
}

func seLinux(c choose) corev1.SELinuxOptions {
	return corev1.SELinuxOptions{
		Type: pick(c, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t", "spc_t", "Container_t"),
		User: pick(c, "", "", "", "system_u"), Role: pick(c, "", "", "", "system_r"), Level: pick(c, "", "s0:c1,c2"),
	}
}

func windows(c choose) corev1.WindowsSecurityContextOptions {
	return corev1.WindowsSecurityContextOptions{HostProcess: maybe(c, 1, truth)}
}

func truth(c choose) bool { return c(2) == 1 }

func user(c choose) int64 { return pick[int64](c, 1000, 0, 1, 65534) }

// generateVolume has one of the types that the API knows, whichever those are, or none.
func generateVolume(c choose) corev1.Volume {
	var v corev1.Volume
	source := reflect.ValueOf(&v.VolumeSource).Elem()
	switch n := c(source.NumField() + 10); {
	case n < source.NumField():
		field := source.Field(n)
		field.Set(reflect.New(field.Type().Elem()))
	case n < source.NumField()+5:
		v.HostPath = &corev1.HostPathVolumeSource{}
	case n < source.NumField()+9:
		v.EmptyDir = &corev1.EmptyDirVolumeSource{}
	}
	return v
}

// maybe is absent once in two for often 1, twice in three for 2, and so on.
func maybe[T any](c choose, rare int, value func(choose) T) *T {
	if c(rare+1) != rare {
		return nil
	}
	v := value(c)
	return &v
}

// list is absent, empty, or holds up to n items.
func list[T any](c choose, n int, item func(choose) T) []T {
	switch c(3) {
	case 1:
		return []T{}
	case 2:
		var items []T
		for range c(n) + 1 {
			items = append(items, item(c))
		}
		return items
	}
	return nil
}

func pick[T any](c choose, from ...T) T { return from[c(len(from))] }
