package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/internal/report"
	"github.com/kubemuster/kubemuster/internal/scan"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

func newCollect(ios *IOStreams, log *logOptions) *cobra.Command {
	o := &scanOptions{ios: ios}
	var path string
	cmd := &cobra.Command{
		Use:   "collect TARGET -o FILE",
		Short: "Record a cluster, to judge it later or elsewhere",
		Long: "Collect reads all of TARGET that any check may ask for and writes it to FILE, a snapshot that scan snapshot://FILE judges\n" +
			"and replay serves. Literal values of environment variables and credentials in command lines are replaced by what they\n" +
			"look like; Secrets and ConfigMaps are not read. Custom resources that a pack's checks judge are recorded where --policy\n" +
			"names the pack.\n\n" +
			"Exit codes: 0 all recorded, 2 usage, 3 incomplete: the cluster was not reached, or the snapshot says what it lacks.",
		Example: "  kubemuster collect eks://us-east-1/prod -o prod.snapshot\n" +
			"  kubemuster scan snapshot://prod.snapshot",
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, targets []string) (err error) {
			if o.config, err = config.Load(cmd.Flags(), targets); err != nil {
				return usageError{err}
			}
			if o.log, err = log.logger(ios.Err); err != nil {
				return err
			}
			o.quiet = log.quiet
			return runCollect(cmd.Context(), o, path)
		},
	}
	config.ReadFlags(cmd.Flags())
	config.PackFlags(cmd.Flags())
	configFlag(cmd)
	cmd.Flags().StringVarP(&path, "output", "o", "", "file to write")
	cmd.Flags().BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	return cmd
}

func runCollect(ctx context.Context, o *scanOptions, path string) error {
	if path == "" {
		return usageError{errors.New("no file to write; name one, for example -o prod.snapshot")}
	}
	if err := report.CheckWritable(path); err != nil {
		return usageError{err}
	}
	host := newHost(o.config, o.log)
	defer host.Close()
	t := o.config.Targets[0]
	target := scan.Target{Raw: t.Target, Alias: t.Alias, ID: t.ID, Params: o.config.Params(t)}
	// Manifests and snapshots are files already, and no provider's.
	if _, _, err := scan.Resolve(ctx, host, target); errors.Is(err, sdk.ErrInvalidTarget) {
		return usageError{err}
	}
	packs, err := loadPacks(ctx, o.config.Packs...)
	if err != nil {
		return usageError{err}
	}
	progress := newProgress(o)
	scanner := &scan.Scanner{Host: host, Log: o.log, Progress: progress.event, Opts: scan.Options{
		Version: version, Timeout: o.config.Timeout, QPS: o.config.QPS, Namespaces: o.config.Namespaces, ExcludeNamespaces: o.config.ExcludeNamespaces,
		OptIn: kubeletConfig(o.config), Kinds: packs.Kinds(),
	}}
	c, err := scanner.Record(ctx, target, func(write func(io.Writer) error) error { return report.Replace(path, write) })
	progress.close()
	var unread *scan.StageError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unread) || errors.As(err, new(*sdk.Error)):
		fmt.Fprintln(o.ios.Err, "kubemuster:", sentence(err))
		return exitCode(exitIncomplete)
	case err != nil:
		return err
	}
	if !o.quiet {
		objects := 0
		for _, n := range c.Objects {
			objects += n
		}
		fmt.Fprintf(o.ios.Err, "kubemuster: recorded %d objects of %s in %s%s\n", objects, clean.Line(c.Alias), path, size(path))
	}
	for _, g := range c.Gaps {
		fmt.Fprintln(o.ios.Err, "kubemuster: not recorded:", clean.Line(redact.String(g.String())))
	}
	switch {
	case len(c.Gaps) > 0 && !o.config.AllowIncomplete:
		fmt.Fprintln(o.ios.Err, "kubemuster: the snapshot is incomplete and says so; --allow-incomplete accepts it")
		return exitCode(exitIncomplete)
	case len(c.Gaps) > 0 && !o.quiet:
		fmt.Fprintln(o.ios.Err, "kubemuster: the snapshot is incomplete (accepted by --allow-incomplete)")
	}
	return nil
}

// size is a file's, in words; nothing of what is no file.
func size(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return fmt.Sprintf(" (%.1f KiB)", float64(info.Size())/1024)
}
