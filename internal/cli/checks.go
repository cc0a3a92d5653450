package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/finding"
)

func newChecks(ios *IOStreams) *cobra.Command {
	cmd := group(&cobra.Command{Use: "checks", Short: "List and show the checks", Example: "  kubemuster checks list"})
	list := &cobra.Command{
		Use: "list", Short: "List the checks", Example: "  kubemuster checks list\n  kubemuster checks list --check rbac --severity high", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags(), nil)
			if err != nil {
				return usageError{err}
			}
			catalog, err := configuredChecks(cmd.Context(), c)
			if err != nil {
				return usageError{err}
			}
			tw := table.NewWriter()
			tw.SetStyle(table.StyleLight)
			tw.AppendHeader(table.Row{"ID", "severity", "domain", "title"})
			for _, c := range catalog.Checks() {
				tw.AppendRow(table.Row{c.ID, c.Severity, c.Domain(), c.Title})
			}
			_, err = fmt.Fprintln(ios.Out, tw.Render())
			return err
		},
	}
	show := &cobra.Command{
		Use: "show ID", Short: "Show one check", Example: "  kubemuster checks show KM1005", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			c, err := config.Load(cmd.Flags(), nil)
			if err != nil {
				return usageError{err}
			}
			catalog, err := loadPacks(cmd.Context(), c.Packs...)
			if err != nil {
				return usageError{err}
			}
			all := catalog.Checks()
			i := slices.IndexFunc(all, func(c finding.Check) bool { return strings.EqualFold(c.ID, ids[0]) })
			if i < 0 {
				return usageError{fmt.Errorf("there is no check %q; kubemuster checks list shows all", ids[0])}
			}
			return showCheck(ios, all[i])
		},
	}
	coverage := &cobra.Command{
		Use: "coverage [FRAMEWORK]", Short: "Show which controls of a framework the checks answer",
		Long: "Without a framework, coverage counts the controls of each. With one, it lists every control with the checks\n" +
			"that answer it, or the reason why none does. A control is in one of four classes:\n\n" +
			"  by default   checks answer it in every scan\n" +
			"  needs facts  only the cloud's API could tell\n" +
			"  opt-in       checks answer it once a flag or a parameter is set\n" +
			"  manual       only a person can tell",
		Example: "  kubemuster checks coverage\n  kubemuster checks coverage cis-eks-1.8", Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			catalog, err := loadPacks(cmd.Context())
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				return frameworks(ios, catalog.Frameworks())
			}
			f, err := catalog.Framework(ids[0])
			if err != nil {
				return usageError{err}
			}
			return controls(ios, f)
		},
	}
	config.CheckFlags(list.Flags())
	config.PackFlags(show.Flags())
	for _, c := range []*cobra.Command{list, show} {
		c.Flags().String("config", "", "configuration file; its policies section applies")
		cmd.AddCommand(c)
	}
	cmd.AddCommand(coverage)
	return cmd
}

func showCheck(ios *IOStreams, c finding.Check) error {
	wrap := func(s string) string { return text.WrapSoft(strings.Join(strings.Fields(s), " "), 96) }
	fmt.Fprintf(ios.Out, "%s  %s  (%s, %s)\n\n%s\n\n%s\n\nfix\n%s\n\nkinds       %s\n", c.ID, c.Name, c.Severity, c.Domain(),
		c.Title, wrap(c.Description), wrap(c.Remediation), strings.Join(c.Kinds, ", "))
	for _, s := range c.OtherSeverities() {
		fmt.Fprintf(ios.Out, "severity    %s\n", s)
	}
	for _, p := range c.Parameters {
		fmt.Fprintf(ios.Out, "parameter   %s (%s, %s): %s\n", p.Name, p.Type, defaultOf(p), p.Help)
	}
	if c.OptIn != "" {
		fmt.Fprintf(ios.Out, "opt-in      %s\n", c.OptIn)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Frameworks)) {
		fmt.Fprintf(ios.Out, "framework   %s %s\n", name, strings.Join(c.Frameworks[name], ", "))
	}
	for _, ref := range c.References {
		fmt.Fprintf(ios.Out, "reference   %s\n", ref)
	}
	return nil
}

func defaultOf(p finding.Parameter) string {
	if p.Default == nil {
		return "no default: the check is not applicable without it"
	}
	value, _ := json.Marshal(p.Default)
	return "default " + string(value)
}

// classes are all but what a pack of our own forgot, which would be empty.
var classes = slices.DeleteFunc(slices.Clone(finding.Coverages), func(c finding.Coverage) bool { return c == finding.Unlisted })

// frameworks prints one line a framework.
func frameworks(ios *IOStreams, all []finding.Framework) error {
	tw := table.NewWriter()
	tw.SetStyle(table.StyleLight)
	header := table.Row{"framework", "controls"}
	for _, c := range classes {
		header = append(header, c)
	}
	tw.AppendHeader(header)
	for _, f := range all {
		row, n := table.Row{f.ID, len(f.Controls)}, f.Count()
		for _, c := range classes {
			row = append(row, n[c])
		}
		tw.AppendRow(row)
	}
	_, err := fmt.Fprintln(ios.Out, tw.Render())
	return err
}

// controls prints one line a control.
func controls(ios *IOStreams, f finding.Framework) error {
	fmt.Fprintf(ios.Out, "%s %s\n%s\n\n", f.Name, f.Version, f.URL)
	tw := table.NewWriter()
	tw.SetStyle(table.StyleLight)
	tw.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: 36, WidthMaxEnforcer: text.WrapSoft}, {Number: 4, WidthMax: 44, WidthMaxEnforcer: text.WrapSoft}})
	tw.AppendHeader(table.Row{"control", "title", "coverage", "checks, or why none"})
	for _, c := range f.Controls {
		why := c.Reason
		if len(c.Checks) > 0 {
			why = strings.Join(c.Checks, " ")
		}
		if c.Coverage == finding.OptIn {
			why += ": " + c.Reason
		}
		tw.AppendRow(table.Row{c.ID, c.Title, c.Coverage, why})
	}
	_, err := fmt.Fprintln(ios.Out, tw.Render())
	return err
}
