package cli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/policy"
	"github.com/kubemuster/kubemuster/internal/scan"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/policies"
)

// loadPacks returns the catalogue of our own checks and those of these packs.
func loadPacks(ctx context.Context, list ...config.Pack) (*policy.Catalog, error) {
	packs := []policy.Pack{ownPack()}
	for _, p := range list {
		source := policy.Source{Path: p.Path, Key: p.Key, CAFile: p.CAFile}
		for _, secret := range []struct {
			key, ref string
			value    *string
		}{{"username", p.Username, &source.Username}, {"password", p.Password, &source.Password}} {
			if secret.ref == "" {
				continue
			}
			value, err := scan.ResolveSecret(secret.ref)
			if err != nil {
				return nil, fmt.Errorf("the %s of pack %s: %w; write env:NAME or file:PATH", secret.key, p.Path, err)
			}
			*secret.value = value.Reveal()
		}
		pack, err := policy.Open(ctx, source)
		if err != nil {
			return nil, err
		}
		packs = append(packs, pack)
	}
	return policy.Load(packs...)
}

func ownPack() policy.Pack {
	return policy.Pack{Name: finding.BuiltInPack, FS: policies.FS, Version: version}
}

// configuredChecks returns the catalogue of the checks that the configuration leaves of the packs that it names.
func configuredChecks(ctx context.Context, c *config.Config) (*policy.Catalog, error) {
	all, err := loadPacks(ctx, c.Packs...)
	if err != nil {
		return nil, err
	}
	configured, err := all.Configure(policy.Settings{
		Select: c.Checks, Skip: c.SkipCheck, Frameworks: c.Frameworks, MinSeverity: c.MinSeverity, Severity: c.Severity, Parameters: c.Parameters, Timeout: c.CheckTimeout,
	})
	var setting *policy.SettingError
	if errors.As(err, &setting) {
		if place := c.Place("policies." + setting.Key); place != "" {
			return nil, fmt.Errorf("%s: policies.%s: %w", place, setting.Key, err)
		}
	}
	return configured, err
}

func newPolicy(ios *IOStreams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "policy", Short: "Test, lint and build packs of checks, and print what they need", Example: "  kubemuster policy test examples/acme",
	})
	test := &cobra.Command{
		Use: "test DIR", Short: "Run a pack's tests, as scans run its checks",
		Long: "Test runs the Rego tests of the pack in DIR with the rules that a scan holds it to, and judges the manifests in\n" +
			"DIR/testdata/manifests/<ID>: each bad*.yaml must yield the check, no good*.yaml may. parameters.json beside them\n" +
			"sets the check's parameters.\n\n" +
			"Exit codes: 0 all pass, 1 a test fails, 2 the pack cannot be loaded.",
		Example: "  kubemuster policy test examples/acme", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, list []string) error { return testPack(cmd.Context(), ios, list[0]) },
	}
	lint := &cobra.Command{
		Use: "lint DIR", Short: "Look for mistakes in a pack",
		Long: "Lint prints what is wrong with the pack in DIR, a line each, with file and line: what would refuse it at load, what is not\n" +
			"formatted or tested, and the ways in which a check passes in silence.\n\n" +
			"Exit codes: 0 nothing found, 1 something found, 2 there is no such pack.",
		Example: "  kubemuster policy lint examples/acme", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, list []string) error { return lintPack(cmd.Context(), ios, list[0]) },
	}
	b := buildOptions{}
	build := &cobra.Command{
		Use: "build DIR", Short: "Make a bundle of a pack, and sign it",
		Long: "Build makes a bundle in OPA's format of the pack in DIR, without its tests. The same pack always gives the same bytes,\n" +
			"unless it is signed. A signing key is a private key in PEM, RSA or ECDSA (P-256, P-384, P-521).",
		Example: "  kubemuster policy build examples/acme -o acme.tar.gz --pack-version 1.2.0 --signing-key acme.key",
		Args:    args(cobra.ExactArgs(1)),
		RunE:    func(cmd *cobra.Command, list []string) error { return buildPack(cmd.Context(), ios, list[0], b) },
	}
	build.Flags().StringVarP(&b.out, "output", "o", "", "file to write, ending in .tar.gz")
	build.Flags().StringVar(&b.name, "name", "", "what the pack is called in reports (default: the folder's name)")
	build.Flags().StringVar(&b.version, "pack-version", "", "the pack's version, for reports")
	build.Flags().StringVar(&b.key, "signing-key", "", "PEM file of the private key to sign with")
	rbac := &cobra.Command{
		Use: "rbac [PACK...]", Short: "Print the rules that the scanning identity needs",
		Long: "Rbac prints a ClusterRole that lets an identity list what our checks and those of the packs look at, and nothing else.\n" +
			"The flags that select checks narrow it. What only --secret-metadata and --kubelet-config read is left out: deploy/kubernetes\n" +
			"has ClusterRoles for those.",
		Example: "  kubemuster policy rbac examples/acme\n  kubemuster policy rbac --check workload",
		RunE: func(cmd *cobra.Command, list []string) error {
			c, err := config.Load(cmd.Flags(), nil)
			if err != nil {
				return usageError{err}
			}
			for _, path := range list {
				c.Packs = append(c.Packs, config.Pack{Path: path})
			}
			checks, err := configuredChecks(cmd.Context(), c)
			if err != nil {
				return usageError{err}
			}
			return printRules(ios, checks.Kinds())
		},
	}
	config.CheckFlags(rbac.Flags())
	rbac.Flags().String("config", "", "configuration file; its policies section applies")
	cmd.AddCommand(test, lint, build, rbac)
	return cmd
}

func testPack(ctx context.Context, ios *IOStreams, dir string) error {
	pack, err := policy.Open(ctx, policy.Source{Path: dir})
	if err != nil {
		return usageError{err}
	}
	results, err := policy.RunTests(ctx, pack, ownPack())
	if err != nil {
		return usageError{err}
	}
	fixtures, err := judgeFixtures(ctx, dir, pack)
	if err != nil {
		return usageError{err}
	}
	failed := 0
	for _, r := range append(results, fixtures...) {
		switch {
		case r.Skipped:
			fmt.Fprintf(ios.Out, "--- SKIP: %s\n", r.Name)
			continue
		case r.Passed:
			fmt.Fprintf(ios.Out, "--- PASS: %s\n", r.Name)
			continue
		}
		failed++
		fmt.Fprintf(ios.Out, "--- FAIL: %s\n    %s\n", r.Name, r.At)
		if r.Problem != "" {
			fmt.Fprintf(ios.Out, "    %s\n", r.Problem)
		}
	}
	if failed > 0 {
		fmt.Fprintf(ios.Err, "kubemuster: %d of %d tests fail\n", failed, len(results)+len(fixtures))
		return exitCode(exitError)
	}
	_, err = fmt.Fprintf(ios.Out, "ok  %s  %d tests\n", pack.Name, len(results)+len(fixtures))
	return err
}

// judgeFixtures scans the pack's manifests, each file by itself, with the check that its folder is named after.
func judgeFixtures(ctx context.Context, dir string, pack policy.Pack) ([]policy.TestResult, error) {
	root := filepath.Join(dir, "testdata", "manifests")
	folders, err := os.ReadDir(root)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := policy.New(ctx, ownPack(), pack)
	if err != nil {
		return nil, err
	}
	var out []policy.TestResult
	for _, folder := range folders {
		id := folder.Name()
		at := filepath.Join(root, id)
		settings := policy.Settings{Select: []string{id}}
		if data, err := os.ReadFile(filepath.Join(at, "parameters.json")); err == nil {
			var values map[string]any
			if err := json.Unmarshal(data, &values); err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Join(at, "parameters.json"), err)
			}
			settings.Parameters = map[string]map[string]any{id: values}
		}
		engine, err := all.Configure(settings)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		files, _ := filepath.Glob(filepath.Join(at, "*.yaml"))
		for _, file := range files {
			base := filepath.Base(file)
			bad := strings.HasPrefix(base, "bad")
			if !bad && !strings.HasPrefix(base, "good") {
				return nil, fmt.Errorf("%s must be called bad*.yaml or good*.yaml", file)
			}
			r := policy.TestResult{Name: id + "/" + base, At: filepath.ToSlash(file)}
			r.Problem = judgeFixture(ctx, engine, file, bad)
			r.Passed = r.Problem == ""
			out = append(out, r)
		}
	}
	return out, nil
}

// judgeFixture says what is wrong with the verdict on a manifest; it is empty for the right one.
func judgeFixture(ctx context.Context, engine *policy.Engine, file string, bad bool) string {
	host := plugin.NewHost(plugin.Options{})
	defer host.Close()
	scanner := &scan.Scanner{Engine: engine, Host: host, Opts: scan.Options{Version: version, Concurrency: 1}}
	c := scanner.Run(ctx, []scan.Target{{Raw: "manifests://" + file}}).Clusters[0]
	switch {
	case c.Problem != nil:
		return c.Problem.Message
	case len(c.Gaps) > 0:
		return c.Gaps[0].String()
	case len(c.Notifications) > 0:
		return c.Notifications[0].Message
	case bad && len(c.Findings) == 0:
		return "there is no finding, and there should be"
	case !bad && len(c.Findings) > 0:
		f := c.Findings[0]
		return fmt.Sprintf("line %d: there is a finding, and there should be none: %s: %s", f.Line, f.Object, f.Message)
	}
	return ""
}

func lintPack(ctx context.Context, ios *IOStreams, dir string) error {
	pack, err := policy.Open(ctx, policy.Source{Path: dir})
	if err != nil {
		return usageError{err}
	}
	problems, err := policy.Lint(ctx, pack, ownPack())
	if err != nil {
		return usageError{err}
	}
	for _, p := range problems {
		fmt.Fprintln(ios.Out, p)
	}
	if len(problems) > 0 {
		return exitCode(exitError)
	}
	_, err = fmt.Fprintf(ios.Out, "ok  %s\n", pack.Name)
	return err
}

// buildOptions are the flags of policy build.
type buildOptions struct{ out, name, version, key string }

func buildPack(ctx context.Context, ios *IOStreams, dir string, o buildOptions) error {
	if !strings.HasSuffix(o.out, ".tar.gz") {
		return usageError{errors.New("-o must name the file to write, ending in .tar.gz")}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usageError{fmt.Errorf("%s is no folder; name one that holds checks/", dir)}
	}
	pack, err := policy.Open(ctx, policy.Source{Path: dir})
	if err != nil {
		return usageError{err}
	}
	if _, err := policy.New(ctx, ownPack(), pack); err != nil {
		return usageError{err}
	}
	var key []byte
	if o.key != "" {
		if key, err = os.ReadFile(o.key); err != nil {
			return usageError{fmt.Errorf("reading the signing key: %w", err)}
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	pack.Name, pack.Version = cmp.Or(o.name, filepath.Base(abs)), o.version
	data, err := policy.Build(pack, key)
	if err != nil {
		return usageError{err}
	}
	if err := os.WriteFile(o.out, data, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(ios.Out, "%s  sha256:%x\n", o.out, sha256.Sum256(data))
	return err
}

func printRules(ios *IOStreams, kinds []snapshot.Kind) error {
	resources, guessed := map[string][]string{}, []string{}
	for _, k := range kinds {
		if k.OptIn != "" {
			continue // deploy/kubernetes has a ClusterRole of its own for each
		}
		resources[k.Group] = append(resources[k.Group], k.Resource)
		if k.Also != "" {
			if also := k.In(k.Also); also.Group != k.Group {
				resources[also.Group] = append(resources[also.Group], k.Resource)
			}
		}
		if _, known := snapshot.KindNamed(k.Name); !known {
			guessed = append(guessed, k.Resource+"."+k.Group)
		}
	}
	if len(guessed) > 0 {
		fmt.Fprintf(ios.Out, "# The plural is the likely one; kubectl api-resources tells the right one: %s\n", strings.Join(guessed, ", "))
	}
	fmt.Fprint(ios.Out, "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: kubemuster-reader\nrules:\n")
	for _, group := range slices.Sorted(maps.Keys(resources)) {
		slices.Sort(resources[group])
		fmt.Fprintf(ios.Out, "  - apiGroups: [%q]\n    resources: [%s]\n    verbs: [get, list]\n", group, strings.Join(resources[group], ", "))
	}
	return nil
}
