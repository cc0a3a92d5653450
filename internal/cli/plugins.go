package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/plugin"
)

func newPlugins(ios *IOStreams, log *logOptions) *cobra.Command {
	cmd := group(&cobra.Command{Use: "plugins", Short: "List auth plugins, lock them, and verify the lock", Example: "  kubemuster plugins list"})
	list := &cobra.Command{
		Use: "list", Short: "List the auth plugins that are found, with their parameters", Example: "  kubemuster plugins list",
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHost(cmd, log, ios, nil, func(ctx context.Context, host *plugin.Host, dir string) error { return listPlugins(ctx, ios, host) })
		},
	}
	var grant []string
	lock := &cobra.Command{
		Use: "lock", Short: "Write plugins.lock: which executables are trusted, and what they may see",
		Long: "Lock writes plugins.lock into the plugin folder: for each plugin there a sha256, what it tells of itself, and the\n" +
			"environment variables that it is granted. From then on a plugin that is not in the lock, or differs, is refused.\n\n" +
			"--grant PROVIDER grants that plugin the variables that it declares, such as AWS_PROFILE; others get none of theirs.",
		Example: "  kubemuster plugins lock --plugin-dir bin/plugins --grant eks,gke,aks,kubeconfig",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHost(cmd, log, ios, func(o *plugin.Options) { o.IgnoreLock = true }, func(ctx context.Context, host *plugin.Host, dir string) error {
				return lockPlugins(ctx, ios, host, dir, grant)
			})
		},
	}
	lock.Flags().StringSliceVar(&grant, "grant", nil, "providers that get the environment variables they declare")
	verify := &cobra.Command{
		Use: "verify", Short: "Hold the auth plugins against plugins.lock",
		Long: "Verify looks at each plugin that the folder's plugins.lock names, and at each that is there: is it present, unchanged,\n" +
			"locked, and writable for you and root alone; and does it tell of itself what the lock says. It shows the environment\n" +
			"variables that each is granted.\n\n" +
			"Exit codes: 0 all is as locked, 1 something is not, 2 there is no lock, or none that can be read.",
		Example: "  kubemuster plugins verify --plugin-dir bin/plugins",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHost(cmd, log, ios, nil, func(ctx context.Context, host *plugin.Host, dir string) error {
				return verifyPlugins(ctx, ios, host, dir)
			})
		},
	}
	for _, c := range []*cobra.Command{list, lock, verify} {
		config.PluginFlags(c.Flags())
		cmd.AddCommand(c)
	}
	return cmd
}

func withHost(cmd *cobra.Command, log *logOptions, ios *IOStreams, set func(*plugin.Options), do func(context.Context, *plugin.Host, string) error) error {
	c, err := config.Load(cmd.Flags(), nil)
	if err != nil {
		return usageError{err}
	}
	logger, err := log.logger(ios.Err)
	if err != nil {
		return err
	}
	opts := plugin.Options{Dirs: plugin.Dirs(c.PluginDir), Env: c.Env(), Log: logger}
	if set != nil {
		set(&opts)
	}
	host := plugin.NewHost(opts)
	defer host.Close()
	return do(cmd.Context(), host, c.PluginDir)
}

func listPlugins(ctx context.Context, ios *IOStreams, host *plugin.Host) error {
	found := host.Installed()
	if len(found) == 0 {
		return usageError{errors.New("no auth plugins found; point --plugin-dir at the folder that holds them")}
	}
	failed := 0
	for _, exe := range found {
		p, err := host.Provider(ctx, exe.Name)
		if err != nil {
			failed++
			fmt.Fprintf(ios.Err, "kubemuster: %s\n", sentence(err))
			continue
		}
		i := p.Info()
		fmt.Fprintf(ios.Out, "%s  %s://%s  (version %s)\n%s\n", i.Name, i.Name, i.Path, i.Version, exe.Path)
		rows := [][]string{{"parameter", "type", "default", "what it does"}}
		for _, p := range i.Parameters {
			kind := string(p.Type)
			if len(p.Values) > 0 {
				kind = strings.Join(p.Values, " | ")
			}
			if p.Secret {
				kind += ", as env:NAME or file:PATH"
			}
			rows = append(rows, []string{p.Name, kind, p.Default, p.Help})
		}
		fmt.Fprintf(ios.Out, "%s\n\n", grid(ios, rows))
	}
	if failed > 0 {
		return exitCode(exitError)
	}
	return nil
}

// lockPlugins writes the lock of the folder that holds the plugins.
func lockPlugins(ctx context.Context, ios *IOStreams, host *plugin.Host, dir string, grant []string) error {
	found := host.Installed()
	dir, err := pluginFolder(host, dir)
	if err != nil {
		return err
	}
	lock := &plugin.Lock{Version: 1, Plugins: map[string]plugin.LockedInfo{}}
	for _, exe := range found {
		if filepath.Dir(exe.Path) != dir {
			continue
		}
		entry, err := host.LockEntry(ctx, exe.Name, slices.Contains(grant, exe.Name))
		if err != nil {
			return err
		}
		lock.Plugins[exe.Name] = entry
	}
	if len(lock.Plugins) == 0 {
		return usageError{fmt.Errorf("%s holds no plugin; point --plugin-dir at the folder that does", dir)}
	}
	for _, name := range grant {
		if _, ok := lock.Plugins[name]; !ok {
			return usageError{fmt.Errorf("--grant names %q, which is not in %s", name, dir)}
		}
	}
	if err := lock.Write(dir); err != nil {
		return err
	}
	_, err = fmt.Fprintf(ios.Out, "%s holds %d plugins\n", filepath.Join(dir, plugin.LockFile), len(lock.Plugins))
	return err
}

// pluginFolder is the given folder, or else the one in which the first plugin is found.
func pluginFolder(host *plugin.Host, dir string) (string, error) {
	if found := host.Installed(); dir == "" && len(found) > 0 {
		dir = filepath.Dir(found[0].Path)
	}
	return filepath.Abs(dir)
}

func verifyPlugins(ctx context.Context, ios *IOStreams, host *plugin.Host, dir string) error {
	dir, err := pluginFolder(host, dir)
	if err != nil {
		return err
	}
	verified, err := host.Verify(ctx, dir)
	if err != nil {
		return err
	}
	failed := 0
	for _, v := range verified {
		for _, problem := range v.Problems {
			fmt.Fprintf(ios.Err, "kubemuster: %s\n", sentence(problem))
		}
		state := "as locked"
		if len(v.Problems) > 0 {
			failed++
			state = "NOT TRUSTED"
		}
		granted := "no variable of its own"
		if len(v.Env) > 0 {
			granted = strings.Join(v.Env, ", ")
		}
		fmt.Fprintf(ios.Out, "%s  %s\n    granted: %s\n", v.Name, state, granted)
	}
	if failed > 0 {
		fmt.Fprintf(ios.Err, "kubemuster: %d of %d plugins in %s are not what was locked\n", failed, len(verified), dir)
		return exitCode(exitError)
	}
	return nil
}
