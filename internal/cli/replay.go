package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubemuster/kubemuster/internal/replay"
	"github.com/kubemuster/kubemuster/internal/snapshot"
)

func newReplay(ios *IOStreams, log *logOptions) *cobra.Command {
	var address, kubeconfig string
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Serve a snapshot as a read-only API server, for kubectl",
		Long: "Replay serves FILE, a snapshot that collect has written, to this machine alone: over TLS on a loopback address, to who\n" +
			"has the token of this run. It prints the path of a kubeconfig that leads there, and removes that when it is interrupted.\n\n" +
			"Exit codes: 0 interrupted, which is how it ends, 1 the address or the kubeconfig cannot be used, 2 usage.",
		Example: "  kubemuster replay prod.snapshot\n" +
			"  kubemuster replay prod.snapshot --kubeconfig prod.kubeconfig --listen 127.0.0.1:6443",
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, list []string) error {
			return runReplay(cmd.Context(), ios, log.quiet, list[0], address, kubeconfig)
		},
	}
	cmd.Flags().StringVar(&address, "listen", "127.0.0.1:0", "loopback address to listen on; port 0 is any")
	cmd.Flags().StringVar(&kubeconfig, "kubeconfig", "", "file to write the kubeconfig to, which must not be there yet (default: one in a temporary folder)")
	return cmd
}

func runReplay(ctx context.Context, ios *IOStreams, quiet bool, path, address, kubeconfig string) (err error) {
	listener, err := replay.Listen(address)
	if errors.As(err, new(*net.OpError)) {
		return err
	}
	if err != nil {
		return usageError{fmt.Errorf("--listen: %w", err)}
	}
	defer listener.Close()
	server, header, err := load(path, replay.Options{Authenticate: listener.Authenticate})
	if err != nil {
		return usageError{err}
	}
	if kubeconfig == "" {
		dir, err := os.MkdirTemp("", "kubemuster-replay-") // 0700: it holds a token
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		kubeconfig = filepath.Join(dir, "config")
	}
	content, err := listener.Kubeconfig("replay")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(kubeconfig, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usageError{fmt.Errorf("--kubeconfig %s is there already; name a file that is not", kubeconfig)}
	}
	if err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(kubeconfig)) }()
	if _, err = f.Write(append(content, '\n')); err == nil {
		err = f.Close()
	}
	if err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	fmt.Fprintln(ios.Out, kubeconfig)
	if !quiet {
		fmt.Fprintf(ios.Err, "kubemuster: serving %s, recorded at %s, on %s until it is interrupted; try kubectl --kubeconfig %s get pods -A\n",
			header.Alias, header.Recorded.Format(time.RFC3339), listener.URL(), kubeconfig)
	}
	return listener.Serve(ctx, server)
}

func load(path string, opts replay.Options) (*replay.Server, snapshot.Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, snapshot.Header{}, fmt.Errorf("reading the snapshot: %w", err)
	}
	defer f.Close()
	r, err := snapshot.NewReader(f, path)
	if err != nil {
		return nil, snapshot.Header{}, err
	}
	server, err := replay.New(r, opts)
	return server, r.Header(), err
}
