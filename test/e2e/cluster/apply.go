package cluster

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

const fieldManager = "kubemuster-e2e"

// ApplyPath applies the manifests in a file, or in the YAML files below a folder in the order of their names.
func (c *Cluster) ApplyPath(ctx context.Context, path string) error {
	var files []string
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (p == path || filepath.Ext(p) == ".yaml") {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := c.Apply(ctx, data); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return nil
}

// Apply applies manifests on the server's side, status included. It does what would else take a controller: an
// ownerReference without a uid gets that of the owner, which must have been applied before, and aggregated ClusterRoles
// are expanded.
func (c *Cluster) Apply(ctx context.Context, manifests []byte) error {
	client, err := dynamic.NewForConfig(c.Admin)
	if err != nil {
		return err
	}
	groups, err := discovery.NewDiscoveryClientForConfig(c.Admin)
	if err != nil {
		return err
	}
	resources, err := restmapper.GetAPIGroupResources(groups)
	if err != nil {
		return err
	}
	mapper := restmapper.NewDiscoveryRESTMapper(resources)
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := decoder.Decode(o); errors.Is(err, io.EOF) {
			return c.expandAggregatedRoles(ctx)
		} else if err != nil {
			return err
		}
		if len(o.Object) == 0 {
			continue
		}
		apply := func(o runtime.Object) error {
			return c.applyOne(ctx, client, mapper, o.(*unstructured.Unstructured))
		}
		if o.IsList() {
			err = o.EachListItem(apply)
		} else {
			err = apply(o)
		}
		if err != nil {
			return err
		}
	}
}

func (c *Cluster) applyOne(ctx context.Context, client dynamic.Interface, mapper meta.RESTMapper, o *unstructured.Unstructured) error {
	mapping, err := mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
	if err != nil {
		return err
	}
	if err := c.apply(ctx, client.Resource(mapping.Resource).Namespace(o.GetNamespace()), o); err != nil {
		return fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return nil
}

func (c *Cluster) apply(ctx context.Context, client dynamic.ResourceInterface, o *unstructured.Unstructured) error {
	owners := o.GetOwnerReferences()
	for i, owner := range owners {
		if owner.UID == "" {
			inCluster := c.uids[identity(owner.Kind, "", owner.Name)] // a static pod's node
			owners[i].UID = cmp.Or(c.uids[identity(owner.Kind, o.GetNamespace(), owner.Name)], inCluster)
		}
	}
	if len(owners) > 0 {
		o.SetOwnerReferences(owners)
	}
	opts := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
	applied, err := client.Apply(ctx, o.GetName(), o, opts)
	if err == nil && o.Object["status"] != nil {
		applied, err = client.ApplyStatus(ctx, o.GetName(), o, opts)
	}
	if err == nil {
		c.uids[identity(o.GetKind(), o.GetNamespace(), o.GetName())] = applied.GetUID()
	}
	return err
}

func identity(kind, namespace, name string) string { return kind + " " + namespace + "/" + name }

// expandAggregatedRoles gives aggregated ClusterRoles the rules that they select.
func (c *Cluster) expandAggregatedRoles(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.Admin)
	if err != nil {
		return err
	}
	roles, err := client.RbacV1().ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	slices.SortFunc(roles.Items, func(a, b rbacv1.ClusterRole) int { return cmp.Compare(a.Name, b.Name) })
	// What is selected may be aggregated itself: view goes into edit, and edit into admin.
	for changed := true; changed; {
		changed = false
		for i := range roles.Items {
			role := &roles.Items[i]
			rules, err := aggregate(role, roles.Items)
			if err != nil {
				return err
			}
			if role.AggregationRule == nil || reflect.DeepEqual(rules, role.Rules) {
				continue
			}
			role.Rules = rules
			updated, err := client.RbacV1().ClusterRoles().Update(ctx, role, metav1.UpdateOptions{FieldManager: fieldManager})
			if err != nil {
				return err
			}
			*role, changed = *updated, true
		}
	}
	return nil
}

func aggregate(role *rbacv1.ClusterRole, all []rbacv1.ClusterRole) ([]rbacv1.PolicyRule, error) {
	var rules []rbacv1.PolicyRule
	if role.AggregationRule == nil {
		return nil, nil
	}
	for _, s := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&s)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if other.Name == role.Name || !selector.Matches(labels.Set(other.Labels)) {
				continue
			}
			for _, rule := range other.Rules {
				if !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool { return reflect.DeepEqual(r, rule) }) {
					rules = append(rules, rule)
				}
			}
		}
	}
	return rules, nil
}

func unversioned(config *rest.Config) *rest.Config {
	config.GroupVersion = nil
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme.Scheme)
	return config
}
