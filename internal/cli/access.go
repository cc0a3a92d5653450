package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
	"github.com/kubemuster/kubemuster/internal/kube"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/scan"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

func newAccess(ios *IOStreams, log *logOptions) *cobra.Command {
	var namespace string
	cmd := &cobra.Command{
		Use:   "access TARGET",
		Short: "Check the way to a cluster, and what may be read there",
		Long: "Access goes the whole way to TARGET's API server and says who the server takes the caller for, what it may read, and\n" +
			"which checks go without a verdict for what it may not. It reads no object.\n\n" +
			"Exit codes: 0 everything may be read, 3 something may not or the cluster cannot be reached.",
		Example: "  kubemuster access eks://us-east-1/prod",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, list []string) error {
			return withTarget(cmd, log, ios, list[0], func(ctx context.Context, host *plugin.Host, t scan.Target, log *slog.Logger) error {
				return runAccess(ctx, ios, host, t, namespace, log)
			})
		},
	}
	config.PluginFlags(cmd.Flags())
	configFlag(cmd)
	cmd.Flags().StringVar(&namespace, "namespace", "", "ask for this namespace only")
	return cmd
}

func runAccess(ctx context.Context, ios *IOStreams, host *plugin.Host, t scan.Target, namespace string, log *slog.Logger) error {
	catalog, err := loadPacks(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	conn, err := scan.Connect(ctx, host, t, kube.Options{UserAgent: "kubemuster/" + version})
	if errors.Is(err, sdk.ErrInvalidTarget) {
		return usageError{err}
	}
	if err != nil {
		log.Debug("not connected", "errors", scan.Chain(err))
		fmt.Fprintln(ios.Err, "kubemuster:", sentence(err))
		return exitCode(exitIncomplete)
	}
	defer conn.Close()
	user := conn.Who.User
	if user == "" {
		user = "(the server does not tell)"
	}
	fmt.Fprintf(ios.Out, "cluster   %s\nserver    %s (%s)\nidentity  %s\ngroups    %s\n\n",
		clean.Line(conn.Access.Cluster.ID), clean.Line(conn.Access.Server), clean.Line(conn.Version), clean.Line(user), clean.Line(strings.Join(conn.Who.Groups, ", ")))
	rows := [][]string{{"kind", "may list", "checks that need it"}}
	denied := 0
	kinds, undiscovered := collect.NewLive(conn.Config, 0).Served(ctx, catalog.Kinds())
	for _, gap := range undiscovered.Gaps {
		denied++
		rows = append(rows, []string{clean.Line(gap.Kind), "NO", strings.Join(checksThatNeed(catalog.Checks(), gap.Kind), ", ")})
	}
	for _, kind := range kinds {
		if kind.OptIn != "" || namespace != "" && !kind.Namespaced {
			continue
		}
		may, err := kube.MayList(ctx, conn.Config, kind, namespace)
		if err != nil {
			return fmt.Errorf("asking what may be read: %w", err)
		}
		answer, needed := "yes", ""
		if !may {
			denied++
			answer, needed = "NO", strings.Join(checksThatNeed(catalog.Checks(), kind.Name), ", ")
		}
		rows = append(rows, []string{kind.Resource, answer, needed})
	}
	fmt.Fprintln(ios.Out, grid(ios, rows))
	if denied > 0 {
		fmt.Fprintf(ios.Err, "kubemuster: %d kinds may not be read, and the checks beside them go without a verdict; bind the identity to the ClusterRole kubemuster-reader\n", denied)
		return exitCode(exitIncomplete)
	}
	return nil
}

func checksThatNeed(checks []finding.Check, kind string) []string {
	var ids []string
	for _, c := range checks {
		if slices.Contains(c.Requires, kind) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// withTarget loads the configuration and starts a host for a command over one target.
func withTarget(cmd *cobra.Command, log *logOptions, ios *IOStreams, raw string, do func(context.Context, *plugin.Host, scan.Target, *slog.Logger) error) error {
	c, err := config.Load(cmd.Flags(), []string{raw})
	if err != nil {
		return usageError{err}
	}
	logger, err := log.logger(ios.Err)
	if err != nil {
		return err
	}
	host := newHost(c, logger)
	defer host.Close()
	return do(cmd.Context(), host, scan.Target{Raw: raw, Params: c.Params(c.Targets[0])}, logger)
}

func configFlag(cmd *cobra.Command) {
	cmd.Flags().String("config", "", "configuration file; its plugins section applies")
}
