package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/baseline"
	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/scan"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

type scanOptions struct {
	ios        *IOStreams
	config     *config.Config
	log        *slog.Logger
	quiet      bool
	noProgress bool
}

func newScan(ios *IOStreams, log *logOptions, run func(context.Context, *scanOptions) error) *cobra.Command {
	o := &scanOptions{ios: ios}
	if run == nil {
		run = runScan
	}
	cmd := &cobra.Command{
		Use:   "scan [TARGET...]",
		Short: "Scan clusters, or manifests",
		Long: "Scan connects to each TARGET, reads it, judges it and writes reports.\n\n" +
			"A TARGET is provider://path?parameter=value: eks://REGION/CLUSTER, gke://PROJECT/LOCATION/CLUSTER,\n" +
			"aks://SUBSCRIPTION/RESOURCE-GROUP/CLUSTER, kubeconfig://CONTEXT, or manifests://PATH for YAML and JSON files\n" +
			"(manifests://- reads standard input). Without a TARGET, kubemuster.yaml says what to scan.\n\n" +
			"Exit codes: 0 all scanned, 1 internal error, 2 usage, 3 incomplete, 10 findings at or above --fail-on, 130 interrupted.",
		Example: "  kubemuster scan eks://us-east-1/prod\n" +
			"  kubemuster scan gke://my-project/europe-west1/prod -o table -o sarif=report.sarif --fail-on high\n" +
			"  helm template ./chart | kubemuster scan manifests://-",
		RunE: func(cmd *cobra.Command, targets []string) (err error) {
			if o.config, err = config.Load(cmd.Flags(), targets); err != nil {
				return usageError{err}
			}
			if o.log, err = log.logger(ios.Err); err != nil {
				return err
			}
			o.quiet = log.quiet
			return run(cmd.Context(), o)
		},
	}
	config.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	return cmd
}

func runScan(ctx context.Context, o *scanOptions) error {
	if len(o.config.Targets) == 0 {
		return usageError{errors.New("nothing to scan; name a target, for example kubemuster scan eks://us-east-1/prod, or list targets in " + config.DefaultFile)}
	}
	outputs, err := parseOutputs(o.ios, o.config.Outputs, o.config.IncludePasses)
	if err != nil {
		return usageError{err}
	}
	collectGarbage(compiling)
	checks, err := configuredChecks(ctx, o.config)
	if err != nil {
		return usageError{err}
	}
	if len(o.config.Namespaces) > 0 && !slices.ContainsFunc(checks.Checks(), scan.InNamespaces) {
		return usageError{errors.New("none of the selected checks looks at namespaces; leave --namespace away, or select others")}
	}
	waivers, err := loadWaivers(o.config)
	if err != nil {
		return usageError{err}
	}
	earlier, err := readBaseline(o.config.Baseline)
	if err != nil {
		return usageError{err}
	}
	engine := checks.Compiling(ctx) // while plugins start and clusters are connected to
	host := newHost(o.config, o.log)
	defer host.Close()
	targets, err := planTargets(ctx, host, o.config)
	if err != nil {
		if broken := engine.Err(); broken != nil { // what is wrong with the checks is told first
			return usageError{broken}
		}
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		if engine.Err() != nil {
			stop()
			return
		}
		paceGarbage(ctx)
	}()
	optIn := kubeletConfig(o.config)
	if o.config.SecretMetadata {
		optIn = append(optIn, "secret-metadata")
	}
	progress := newProgress(o)
	scanner := &scan.Scanner{Engine: engine, Host: host, Log: o.log, Progress: progress.event, Opts: scan.Options{
		Version: version, Concurrency: o.config.Concurrency, Timeout: o.config.Timeout, QPS: o.config.QPS,
		Namespaces: o.config.Namespaces, ExcludeNamespaces: o.config.ExcludeNamespaces, Stdin: o.ios.In, OptIn: optIn, OwnerLabels: o.config.OwnerLabels,
	}}
	r := scanner.Run(ctx, targets)
	progress.close()
	if err := engine.Err(); err != nil {
		return usageError{err}
	}
	known := baseline.Match(r, earlier)
	waivers.Apply(r) // to what is carried over, too
	idle := waivers.Idle(r, checks.Whole().Checks())
	known.Compare()
	code, why := verdict(ctx, o.config, r)
	r.ExitCode = code
	var unwritten error
	for _, out := range outputs {
		unwritten = errors.Join(unwritten, out.write(r)) // one that fails costs no other
	}
	if !o.quiet {
		for _, line := range idle {
			fmt.Fprintln(o.ios.Err, "kubemuster:", clean.Line(line))
		}
	}
	for _, line := range why {
		if !o.quiet || code != exitOK {
			fmt.Fprintln(o.ios.Err, "kubemuster:", clean.Line(line))
		}
	}
	if unwritten != nil {
		return reportError{unwritten}
	}
	if code != exitOK {
		return exitCode(code)
	}
	return nil
}

// kubeletConfig is the opt-in that recording has, too.
func kubeletConfig(c *config.Config) []string {
	if c.KubeletConfig {
		return []string{"kubelet-config"}
	}
	return nil
}

func newHost(c *config.Config, log *slog.Logger) *plugin.Host {
	return plugin.NewHost(plugin.Options{Dirs: plugin.Dirs(c.PluginDir), Env: c.Env(), Log: log})
}

// planTargets checks every target before the first is scanned, so that a typing error costs no scan.
func planTargets(ctx context.Context, host *plugin.Host, c *config.Config) ([]scan.Target, error) {
	var targets []scan.Target
	for _, t := range c.Targets {
		target := scan.Target{Raw: t.Target, Alias: t.Alias, ID: t.ID, Params: c.Params(t)}
		// What takes longer is checked no further: its scan has the same time, and says that it was too little.
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, 15*time.Minute))
		err := scan.Check(ctx, host, target)
		cancel()
		if errors.Is(err, sdk.ErrInvalidTarget) {
			return nil, usageError{err}
		}
		targets = append(targets, target)
	}
	return targets, nil
}
