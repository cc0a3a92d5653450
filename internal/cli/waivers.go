package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/waiver"
)

func newWaivers(ios *IOStreams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "waivers", Short: "Look after waivers", Example: "  kubemuster waivers lint waivers.yaml"})
	var maxDays int
	lint := &cobra.Command{
		Use: "lint FILE...", Short: "Say what is wrong in files with waivers",
		Long: "Lint names entries that are faulty, have expired, are too broad, or waive a check that does not exist, and ends\n" +
			"with 2 where there are any.",
		Example: "  kubemuster waivers lint waivers.yaml", Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			set, err := waiver.Load(files, waiver.Options{MaxDays: maxDays, Now: time.Now()})
			if err != nil {
				return usageError{err}
			}
			catalog, err := loadPacks(cmd.Context())
			if err != nil {
				return err
			}
			problems := set.Problems(catalog.Checks())
			for _, p := range problems {
				fmt.Fprintln(ios.Out, p)
			}
			if len(problems) > 0 {
				return exitCode(exitUsage)
			}
			return nil
		},
	}
	lint.Flags().IntVar(&maxDays, "max-days", 0, "how far ahead a waiver may end, in days (0: no limit)")
	cmd.AddCommand(lint)
	return cmd
}

func loadWaivers(c *config.Config) (*waiver.Set, error) {
	return waiver.Load(c.Waivers.Files, waiver.Options{MaxDays: c.Waivers.MaxDays, Annotations: c.Waivers.Annotations, Now: time.Now()})
}
