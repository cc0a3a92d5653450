package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/rbac"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// What finding.Finding.ManagedBy says: who itself runs what the finding is about.
const (
	ByProvider   = "provider"
	ByKubernetes = "kubernetes" // as kubeadm sets it up, on whatever cluster
)

// managed is what one provider itself runs in its clusters. Files of managed/ in a pack hold it under the provider's name.
type managed struct {
	Version    string    `yaml:"version"` // regular expression: server versions that only this provider's clusters have; may be empty
	Host       string    `yaml:"host"`    // regular expression: hosts of API servers that only this provider has; may be empty
	Beside     string    `yaml:"beside"`  // what authorizes in its clusters beside RBAC; may be empty
	References []string  `yaml:"references"`
	Registries []string  `yaml:"registries"` // regular expressions: where the images of its workloads come from
	Objects    []objects `yaml:"objects"`

	provider string
	images   *regexp.Regexp
	versions *regexp.Regexp // nil where no version tells
	hosts    *regexp.Regexp // nil where no host does
	byName   map[finding.Object]*objects
}

// own reports whether an image comes from the provider, and is one of these.
func (m *managed) own(image string, of []string) bool {
	registry := m.images.FindString(image)
	if registry == "" {
		return false
	}
	repository, _, _ := strings.Cut(image[len(registry):], "@")
	repository, _, _ = strings.Cut(repository, ":") // behind the registry there is no port
	return slices.ContainsFunc(of, func(end string) bool { return strings.HasSuffix("/"+repository, "/"+end) })
}

// objects are objects of one kind in one namespace. A name alone is nobody's: whoever may create objects there may take it. So
// each must also hold nothing but what is the provider's.
type objects struct {
	Kind      string   `yaml:"kind"`
	Namespace string   `yaml:"namespace"`
	Names     []string `yaml:"names"`
	// Images are the ends of the repositories that its containers' images come from. What runs pods has some.
	Images []string `yaml:"images"`
	// Commands are what its containers, their hooks and probes may run in place of what their images say; anything where the list
	// is not there, and nothing where it is empty.
	Commands []string `yaml:"commands"`
	// Host is set where it works on its node: others have none of the node's namespaces, files and powers. DaemonSets and static
	// pods do.
	Host bool `yaml:"host"`
	// NodePort is set for a Service that is reached by a port of every node.
	NodePort bool `yaml:"nodePort"`
	// Labels are those that the object must have.
	Labels map[string]string `yaml:"labels"`
	// Subjects are all that a binding may grant to, as in "User x" and "ServiceAccount ns/x"; * stands for any end.
	Subjects []string `yaml:"subjects"`
	// Roles are the names of those that a binding may refer to; * stands for any end.
	Roles []string `yaml:"roles"`
	// Services are all that a webhook may ask, as namespace/name. The control plane's own loopback address is always allowed.
	Services []string `yaml:"services"`
}

// loadManaged reads a pack's folder managed/, which need not be there.
func loadManaged(pack Pack) ([]*managed, error) {
	if pack.FS == nil {
		return nil, nil // a bundle holds Rego alone
	}
	files, err := fs.Glob(pack.FS, "managed/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []*managed
	var problems []error
	for _, file := range files {
		providers := map[string]*managed{}
		data, err := fs.ReadFile(pack.FS, file)
		if err == nil {
			decoder := yaml.NewDecoder(bytes.NewReader(data))
			decoder.KnownFields(true)
			err = decoder.Decode(providers)
		}
		for name, m := range providers {
			if m == nil {
				m = &managed{}
			}
			if err == nil {
				err = m.prepare(name)
			}
			out = append(out, m)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %s", path.Join(pack.Name, file), strings.TrimPrefix(err.Error(), "yaml: ")))
		}
	}
	return out, errors.Join(problems...)
}

func (m *managed) prepare(provider string) (err error) {
	m.provider, m.byName = provider, map[finding.Object]*objects{}
	if len(m.Registries) == 0 || len(m.References) == 0 {
		return errors.New("registries and references must be set")
	}
	if m.images, err = regexp.Compile(`^(?:` + strings.Join(m.Registries, "|") + `)/`); err != nil {
		return fmt.Errorf("registries: %w", err)
	}
	if m.Version != "" {
		if m.versions, err = regexp.Compile(m.Version); err != nil {
			return fmt.Errorf("version: %w", err)
		}
	}
	if m.Host != "" {
		if m.hosts, err = regexp.Compile(m.Host); err != nil {
			return fmt.Errorf("host: %w", err)
		}
	}
	for i := range m.Objects {
		o := &m.Objects[i]
		kind, ok := snapshot.KindNamed(o.Kind)
		switch {
		case !ok:
			return fmt.Errorf("objects: %q is no kind that is read", o.Kind)
		case kind.Namespaced != (o.Namespace != ""):
			return fmt.Errorf("objects: %s %s needs a namespace if its kind has one, and only then", o.Kind, strings.Join(o.Names, ", "))
		case strings.HasSuffix(o.Kind, "Binding") != (len(o.Subjects) > 0) || (len(o.Roles) > 0) != (len(o.Subjects) > 0):
			return fmt.Errorf("objects: %s %s needs subjects and roles if it is a binding, and only then", o.Kind, strings.Join(o.Names, ", "))
		case (kind.PodSpec != "") != (len(o.Images) > 0):
			return fmt.Errorf("objects: %s %s needs images if it runs pods, and only then", o.Kind, strings.Join(o.Names, ", "))
		}
		for _, name := range o.Names {
			m.byName[identity(kind, o.Namespace, name)] = o
		}
	}
	return nil
}

// ManagedBy returns ByProvider where the provider of the cluster itself runs the object, ByKubernetes where Kubernetes' own
// installer does, and the empty string otherwise. as is the object that findings stand at: the object itself, or the owner of a pod.
func (e *Engine) ManagedBy(cluster Cluster, as finding.Object, o snapshot.Object) string {
	for _, m := range e.managed {
		of, ok := m.byName[as]
		if ok && m.runs(cluster) && m.holds(of, o) && (as.Kind != "Pod" || o.StaticPod() == as.Name) { // a pod of theirs is a static one
			return m.by()
		}
	}
	return ""
}

// kubernetes is the name under which managed/ holds what Kubernetes itself runs, whoever the provider is.
const kubernetes = "kubernetes"

func (m *managed) by() string {
	if m.provider == kubernetes {
		return ByKubernetes
	}
	return ByProvider
}

// whose is the cluster with the provider that its version or its API server's host tells of.
func (e *Engine) whose(c Cluster) Cluster {
	for _, m := range e.managed {
		if m.provider != kubernetes && m.runs(c) {
			c.Provider = m.provider
			break
		}
	}
	return c
}

// Beside tells what authorizes in the cluster beside RBAC, which nothing here reads; empty where nothing is known to.
func (e *Engine) Beside(c Cluster) string {
	c = e.whose(c)
	for _, m := range e.managed {
		if m.provider == c.Provider {
			return m.Beside
		}
	}
	return ""
}

// runs reports whether the cluster is the provider's. One that is reached by a kubeconfig tells by its version, or by the host of
// its API server, whose certificate has been verified. Manifests are no cluster.
func (m *managed) runs(c Cluster) bool {
	return c.Provider == m.provider || m.versions != nil && m.versions.MatchString(c.Version) || m.hosts != nil && m.hosts.MatchString(c.Host) ||
		m.provider == kubernetes && c.Version != ""
}

// holds reports whether all that matters in the object is the provider's.
func (m *managed) holds(of *objects, o snapshot.Object) bool {
	for key, value := range of.Labels {
		if o.Value.GetLabels()[key] != value {
			return false
		}
	}
	if spec := o.PodSpec(); spec != nil {
		var images []string
		for _, c := range spec.InitContainers {
			images = append(images, c.Image)
		}
		for _, c := range spec.Containers {
			images = append(images, c.Image)
		}
		for _, c := range spec.EphemeralContainers {
			images = append(images, c.Image)
		}
		return !slices.ContainsFunc(images, func(image string) bool { return !m.own(image, of.Images) }) && of.runs(spec) && (of.Host || of.Kind == "DaemonSet" || of.Kind == "Pod" || !onHost(spec))
	}
	if b, ok := snapshot.BindingOf(o); ok {
		return of.grantsOnly(b)
	}
	switch v := o.Value.(type) {
	case *corev1.Service: // anybody may make one of the name where the provider has none, and no provider's own is reached from outside
		return (v.Spec.Type == corev1.ServiceTypeClusterIP || v.Spec.Type == "" || v.Spec.Type == corev1.ServiceTypeNodePort && of.NodePort) && len(v.Spec.ExternalIPs) == 0
	case *admissionv1.ValidatingWebhookConfiguration:
		return !slices.ContainsFunc(v.Webhooks, func(w admissionv1.ValidatingWebhook) bool { return !of.asks(w.ClientConfig) })
	case *admissionv1.MutatingWebhookConfiguration:
		return !slices.ContainsFunc(v.Webhooks, func(w admissionv1.MutatingWebhook) bool { return !of.asks(w.ClientConfig) })
	}
	return true
}

// programs are the folders of what an image runs, unless it says where.
var programs = []string{"/bin", "/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin"}

// loaders are variables that have every program run code of somebody else's.
var loaders = []string{"LD_AUDIT", "LD_PRELOAD"}

// runs reports whether the containers run nothing else: no other command, and no volume in the place of the programs.
func (of *objects) runs(spec *corev1.PodSpec) bool {
	containers := slices.Concat(spec.InitContainers, spec.Containers)
	for _, c := range spec.EphemeralContainers {
		containers = append(containers, corev1.Container(c.EphemeralContainerCommon))
	}
	places := slices.Concat(programs, of.Commands)
	return !slices.ContainsFunc(containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return slices.Contains(loaders, e.Name) }) ||
			of.Commands != nil && (slices.ContainsFunc(commands(&c), func(run []string) bool { return len(run) > 0 && !slices.Contains(of.Commands, run[0]) }) ||
				slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
					at := strings.TrimSuffix(path.Clean("/"+m.MountPath), "/") + "/"
					return slices.ContainsFunc(places, func(place string) bool { return strings.HasPrefix(place+"/", at) || strings.HasPrefix(at, place+"/") })
				}))
	})
}

// commands are what the container runs: by itself, as hooks and as probes.
func commands(c *corev1.Container) [][]string {
	all := [][]string{c.Command}
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p != nil && p.Exec != nil {
			all = append(all, p.Exec.Command)
		}
	}
	if c.Lifecycle != nil {
		for _, h := range []*corev1.LifecycleHandler{c.Lifecycle.PostStart, c.Lifecycle.PreStop} {
			if h != nil && h.Exec != nil {
				all = append(all, h.Exec.Command)
			}
		}
	}
	return all
}

// usual are capabilities that containers have unless they drop them: they give nothing of the node.
var usual = []corev1.Capability{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

// onHost reports whether a pod has namespaces, files or powers of its node.
func onHost(spec *corev1.PodSpec) bool {
	return spec.HostNetwork || spec.HostPID || spec.HostIPC || slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.HostPath != nil }) ||
		slices.ContainsFunc(slices.Concat(spec.InitContainers, spec.Containers), func(c corev1.Container) bool {
			s := c.SecurityContext
			return s != nil && (s.Privileged != nil && *s.Privileged || s.Capabilities != nil && slices.ContainsFunc(s.Capabilities.Add, func(added corev1.Capability) bool { return !slices.Contains(usual, added) }))
		})
}

func (of *objects) grantsOnly(b snapshot.InventoryBinding) bool {
	for _, s := range b.Subjects {
		name := s.Kind + " " + s.Name
		if s.Kind == rbacv1.ServiceAccountKind {
			name = s.Kind + " " + s.Namespace + "/" + s.Name
		}
		if !isOne(of.Subjects, name) {
			return false
		}
	}
	return isOne(of.Roles, b.Role.Name)
}

// isOne reports whether the name is in a list in which * stands for any end.
func isOne(list []string, name string) bool {
	return slices.ContainsFunc(list, func(want string) bool {
		prefix, any := strings.CutSuffix(want, "*")
		return want == name || any && strings.HasPrefix(name, prefix)
	})
}

// grantManagedBy returns ByProvider where the provider itself makes the grant, and the role allows no more than is known of it:
// whoever may write roles could else give the provider's service accounts, and so their pods, whatever they want. What a role of
// the provider's own holds is not known, and does not matter where none but its control plane can be the subjects, which are users.
func (e *Engine) grantManagedBy(cluster Cluster, n *rbac.Grant) string {
	kind, _ := snapshot.KindNamed(n.Kind)
	own, same := n.OwnRole()
	ofUsers := !slices.ContainsFunc(n.Subjects, func(s snapshot.InventorySubject) bool { return s.Kind != rbacv1.UserKind })
	for _, m := range e.managed {
		of, ok := m.byName[identity(kind, n.Namespace, n.Name)]
		if ok && m.runs(cluster) && of.grantsOnly(n.InventoryBinding) && (same || !own && ofUsers) {
			return m.by()
		}
	}
	return ""
}

func (of *objects) asks(c admissionv1.WebhookClientConfig) bool {
	if c.Service != nil {
		return slices.Contains(of.Services, c.Service.Namespace+"/"+c.Service.Name)
	}
	if c.URL == nil {
		return false
	}
	u, err := url.Parse(*c.URL)
	return err == nil && (u.Hostname() == "localhost" || net.ParseIP(cmp.Or(u.Hostname(), "none")).IsLoopback())
}
