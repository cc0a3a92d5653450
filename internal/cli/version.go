package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/pluginpb"
)

// versions is what `version -o json` prints.
type versions struct {
	Version  string            `json:"version"`
	Protocol int               `json:"pluginProtocol"`
	Checks   int               `json:"checks"`
	Plugins  map[string]string `json:"plugins"`
}

func newVersion(ios *IOStreams, log *logOptions) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "version", Short: "Print the versions of the scanner, the plugin protocol, the checks and the plugins",
		Example: "  kubemuster version -o json", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHost(cmd, log, ios, nil, func(ctx context.Context, host *plugin.Host, _ string) error {
				return runVersion(ctx, ios, host, format)
			})
		},
	}
	config.PluginFlags(cmd.Flags())
	cmd.Flags().StringVarP(&format, "format", "o", "text", "text or json")
	return cmd
}

func runVersion(ctx context.Context, ios *IOStreams, host *plugin.Host, format string) error {
	catalog, err := loadPacks(ctx)
	if err != nil {
		return err
	}
	v := versions{Version: version, Protocol: pluginpb.Version, Checks: len(catalog.Checks()), Plugins: map[string]string{}}
	for _, exe := range host.Installed() {
		v.Plugins[exe.Name] = "does not start"
		if p, err := host.Provider(ctx, exe.Name); err == nil {
			v.Plugins[exe.Name] = p.Info().Version
		}
	}
	switch format {
	case "json":
		enc := json.NewEncoder(ios.Out)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	case "text":
		fmt.Fprintf(ios.Out, "kubemuster %s\nplugin protocol %d\n%d checks\n", v.Version, v.Protocol, v.Checks)
		for _, exe := range host.Installed() {
			fmt.Fprintf(ios.Out, "plugin %s %s\n", exe.Name, v.Plugins[exe.Name])
		}
		return nil
	}
	return usageError{fmt.Errorf("-o must be text or json, not %q", format)}
}
