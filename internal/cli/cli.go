// Package cli is the command line: the only package that prints, reads standard input, or decides an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kubemuster/kubemuster/internal/clean"
	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/redact"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// The exit codes; see docs/cli.md.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitFindings    = 10
	exitInterrupted = 130
)

// version is set when a release is built.
var version = "dev"

// IOStreams are where a command reads and writes.
type IOStreams struct {
	In       io.Reader
	Out, Err io.Writer
	OutWidth int  // columns of the terminal that Out is; 0: no terminal
	ErrTTY   bool // Err is a terminal
	Color    bool
}

// System returns the process's own streams.
func System() *IOStreams {
	s := &IOStreams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, ErrTTY: term.IsTerminal(int(os.Stderr.Fd()))}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
		s.OutWidth = 80
		if w, _, err := term.GetSize(fd); err == nil && w > 0 {
			s.OutWidth = w
		}
		s.Color = os.Getenv("NO_COLOR") == ""
	}
	return s
}

// exitCode ends the command with this code; what there is to say has been said.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError is a mistake in arguments or configuration.
type usageError struct{ error }

// Unwrap returns the mistake.
func (e usageError) Unwrap() error { return e.error }

// reportError is a report that could not be written: said even when the run was interrupted.
type reportError struct{ error }

// Main runs the command of this process and returns its exit code.
func Main() int {
	collectGarbage(usual)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once; its plugins notice.
	context.AfterFunc(ctx, stop)
	return Run(ctx, System(), os.Args[1:])
}

// Run runs a command line and returns its exit code.
func Run(ctx context.Context, ios *IOStreams, args []string) int {
	root := newRoot(ios)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exitCode
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() != nil && !errors.As(err, new(reportError)):
		fmt.Fprintln(ios.Err, "kubemuster: interrupted")
		return exitInterrupted
	}
	fmt.Fprintln(ios.Err, "kubemuster:", sentence(err))
	// cobra has no type for the one mistake that it finds before any command of ours runs.
	if errors.As(err, &usage) || errors.Is(err, sdk.ErrInvalidTarget) || strings.HasPrefix(err.Error(), "unknown command") {
		return exitUsage
	}
	return exitError
}

// sentence is an error as the user reads it: redacted, safe for the terminal, and with the hint that it carries.
func sentence(err error) string {
	var known *sdk.Error
	text := err.Error()
	if errors.As(err, &known) && !strings.Contains(text, known.Message) {
		text = known.Error()
	}
	return clean.Lines(redact.String(text))
}

func newRoot(ios *IOStreams) *cobra.Command {
	root := &cobra.Command{
		Use:   "kubemuster",
		Short: "Does every cluster pass muster?",
		Long: "Kubemuster connects to managed Kubernetes clusters on any cloud with nothing but cloud IAM credentials,\n" +
			"reads their nodes, RBAC and workloads, judges them with Rego, and writes SARIF.",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := config.FlagsFromEnv(cmd.Flags()); err != nil {
				return usageError{err}
			}
			return nil
		},
	}
	root.SetIn(ios.In)
	root.SetOut(ios.Out)
	root.SetErr(ios.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	log := &logOptions{}
	root.PersistentFlags().BoolVarP(&log.verbose, "verbose", "v", false, "log what happens, plugins included")
	root.PersistentFlags().BoolVarP(&log.quiet, "quiet", "q", false, "print nothing but reports and errors")
	root.PersistentFlags().StringVar(&log.format, "log-format", "text", "text or json")
	root.AddCommand(
		newScan(ios, log, nil),
		newCollect(ios, log),
		newReplay(ios, log),
		newAccess(ios, log),
		newToken(ios, log),
		newChecks(ios),
		newPolicy(ios),
		newWaivers(ios),
		newReport(ios),
		newPlugins(ios, log),
		newVersion(ios, log),
	)
	return root
}

// logOptions are the flags of every command that say how much it tells.
type logOptions struct {
	verbose, quiet bool
	format         string
}

func (o *logOptions) logger(w io.Writer) (*slog.Logger, error) {
	opts := &slog.HandlerOptions{Level: slog.LevelWarn}
	switch {
	case o.verbose:
		opts.Level = slog.LevelDebug
	case o.quiet:
		opts.Level = slog.LevelError
	}
	w = clean.Log(w)
	switch o.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return nil, usageError{fmt.Errorf("--log-format must be text or json, not %q", o.format)}
}

// group makes a command that only holds others: by itself it prints its help, and a word that is none of them is a mistake.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, list []string) error {
		if len(list) > 0 {
			return usageError{fmt.Errorf("unknown command %q for %q; see %s --help", list[0], cmd.CommandPath(), cmd.CommandPath())}
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// args wraps cobra's argument checks so that their errors are usage errors.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, list []string) error {
		if err := check(cmd, list); err != nil {
			return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
		}
		return nil
	}
}
