package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/waiver"
)

func newWaivers(ios *IOStreams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "waivers", Short: "Look after waivers", Example: "  kubemuster waivers lint waivers.yaml"})
	var maxDays int
	lint := &cobra.Command{
		Use: "lint FILE...", Short: "Say what is wrong in files with waivers",
		Long: "Lint names entries that are faulty, have expired, are too broad, or waive a check that does not exist, and ends\n" +
			"with 2 where there are any. It knows the packs and waivers.maxDays of kubemuster.yaml, as a scan does.",
		Example: "  kubemuster waivers lint waivers.yaml\n  kubemuster waivers lint waivers.yaml --policy checks/acme --max-days 90", Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			if _, err := os.Stat(config.DefaultFile); err == nil && !cmd.Flags().Changed("config") {
				if err := cmd.Flags().Set("config", config.DefaultFile); err != nil {
					return err
				}
			}
			c, err := config.Load(cmd.Flags(), nil)
			if err != nil {
				return usageError{err}
			}
			if !cmd.Flags().Changed("max-days") {
				maxDays = c.Waivers.MaxDays
			}
			set, err := waiver.Load(files, waiver.Options{MaxDays: maxDays, Now: time.Now()})
			if err != nil {
				return usageError{err}
			}
			catalog, err := loadPacks(cmd.Context(), c.Packs...)
			if err != nil {
				return usageError{err}
			}
			problems := set.Problems(catalog.Checks())
			for _, p := range problems {
				fmt.Fprintln(ios.Out, clean.Line(p))
			}
			if len(problems) > 0 {
				return exitCode(exitUsage)
			}
			return nil
		},
	}
	lint.Flags().IntVar(&maxDays, "max-days", 0, "how far ahead a waiver may end, in days (0: no limit; default: waivers.maxDays)")
	lint.Flags().String("config", "", "configuration file (default "+config.DefaultFile+", where there is one)")
	config.PackFlags(lint.Flags())
	cmd.AddCommand(lint)
	return cmd
}

func loadWaivers(c *config.Config) (*waiver.Set, error) {
	return waiver.Load(c.Waivers.Files, waiver.Options{MaxDays: c.Waivers.MaxDays, Annotations: c.Waivers.Annotations, Now: time.Now()})
}
