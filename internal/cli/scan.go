package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/report/sarif"
	"github.com/kubemuster/kubemuster/internal/report/table"
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
	outputs, err := parseOutputs(o.ios, o.config.Outputs)
	if err != nil {
		return usageError{err}
	}
	engine, err := configuredEngine(ctx, o.config)
	if err != nil {
		return usageError{err}
	}
	if len(o.config.Namespaces) > 0 && !slices.ContainsFunc(engine.Checks(), scan.InNamespaces) {
		return usageError{errors.New("none of the selected checks looks at namespaces; leave --namespace away, or select others")}
	}
	host := newHost(o.config, o.log)
	defer host.Close()
	targets, err := planTargets(ctx, host, o.config)
	if err != nil {
		return err
	}
	progress := newProgress(o)
	scanner := &scan.Scanner{Engine: engine, Host: host, Log: o.log, Progress: progress.event, Opts: scan.Options{
		Version: version, Concurrency: o.config.Concurrency, Timeout: o.config.Timeout, QPS: o.config.QPS,
		Namespaces: o.config.Namespaces, ExcludeNamespaces: o.config.ExcludeNamespaces, Stdin: o.ios.In,
	}}
	r := scanner.Run(ctx, targets)
	progress.close()
	code, why := verdict(ctx, o.config, r)
	r.ExitCode = code
	var unwritten error
	for _, out := range outputs {
		unwritten = errors.Join(unwritten, out.write(r)) // one that fails costs no other
	}
	if unwritten != nil {
		return reportError{unwritten}
	}
	if why != "" && (!o.quiet || code != exitOK) {
		fmt.Fprintln(o.ios.Err, "kubemuster:", why)
	}
	if code != exitOK {
		return exitCode(code)
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
		if err := scan.Check(ctx, host, target); errors.Is(err, sdk.ErrInvalidTarget) {
			return nil, usageError{err}
		}
		targets = append(targets, target)
	}
	return targets, nil
}

// verdict is the run's exit code, and why in words.
func verdict(ctx context.Context, c *config.Config, r *report.Report) (int, string) {
	var incomplete []string
	gating := 0
	for _, cl := range r.Clusters {
		if cl.Status != report.Complete {
			incomplete = append(incomplete, cl.Alias)
		}
		for _, f := range cl.Findings {
			if f.Verdict == finding.Fail && f.ManagedBy == "" && c.FailOn != nil && f.Severity >= *c.FailOn {
				gating++
			}
		}
	}
	missing := fmt.Sprintf("%d of %d targets were not scanned or not wholly read: %s", len(incomplete), len(r.Clusters), strings.Join(incomplete, ", "))
	switch {
	case ctx.Err() != nil:
		return exitInterrupted, "interrupted; the reports hold what was finished"
	case gating > 0:
		return exitFindings, fmt.Sprintf("%d findings are at or above %s (--fail-on)", gating, c.FailOn)
	case len(incomplete) > 0 && !c.AllowIncomplete:
		return exitIncomplete, missing + "; the report says why, and --allow-incomplete accepts it"
	case len(incomplete) > 0:
		return exitOK, missing + " (accepted by --allow-incomplete)"
	}
	return exitOK, ""
}

// output is one report to write.
type output struct {
	writer report.Writer
	path   string // empty: standard output
	out    io.Writer
}

func (o output) write(r *report.Report) error {
	if o.path == "" {
		return o.writer.Write(o.out, r)
	}
	return report.WriteFile(o.path, o.writer, r)
}

// parseOutputs reads FORMAT[=PATH] and makes sure that every file can be written before a scan is spent on it.
func parseOutputs(ios *IOStreams, list []string) ([]output, error) {
	var outputs []output
	used := map[string]string{}
	for _, spec := range list {
		format, path, _ := strings.Cut(spec, "=")
		if path == "-" {
			path = ""
		}
		o := output{path: path, out: ios.Out}
		switch format {
		case "table":
			w := table.Writer{Width: ios.OutWidth, Color: ios.Color}
			if path != "" {
				w = table.Writer{}
			}
			o.writer = w
		case "sarif":
			o.writer = sarif.Writer{}
		default:
			return nil, fmt.Errorf("unknown report format %q in -o %s; the formats are %s", format, spec, strings.Join(formats, ", "))
		}
		key := path
		if path != "" {
			abs, err := filepath.Abs(path)
			if err != nil {
				return nil, err
			}
			if err := report.CheckWritable(path); err != nil {
				return nil, err
			}
			key = abs
		}
		if other, ok := used[key]; ok {
			return nil, fmt.Errorf("-o %s and -o %s write to the same place; give one of them a path of its own", other, spec)
		}
		used[key] = spec
		outputs = append(outputs, o)
	}
	return outputs, nil
}

var formats = []string{"table", "sarif"}
