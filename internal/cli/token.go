package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientauthv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"

	"github.com/kubemuster/kubemuster/internal/config"
	"github.com/kubemuster/kubemuster/internal/plugin"
	"github.com/kubemuster/kubemuster/internal/scan"
)

func newToken(ios *IOStreams, log *logOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token TARGET",
		Short: "Print an ExecCredential for kubectl and friends",
		Long: "Token prints a client.authentication.k8s.io/v1 ExecCredential for TARGET on standard output: use it as the exec\n" +
			"command of a kubeconfig's user. The output is a credential; print it to nothing that keeps it.",
		Example: "  kubemuster token gke://my-project/europe-west1/prod",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, list []string) error {
			return withTarget(cmd, log, ios, list[0], func(ctx context.Context, host *plugin.Host, t scan.Target, _ *slog.Logger) error {
				return runToken(ctx, ios, host, t)
			})
		},
	}
	config.PluginFlags(cmd.Flags())
	configFlag(cmd)
	return cmd
}

func runToken(ctx context.Context, ios *IOStreams, host *plugin.Host, t scan.Target) error {
	p, target, err := scan.Resolve(ctx, host, t)
	if err != nil {
		return err
	}
	tok, err := p.Token(ctx, target)
	if err != nil {
		return err
	}
	status := &clientauthv1.ExecCredentialStatus{
		Token: tok.Value.Reveal(), ClientCertificateData: string(tok.ClientCertificate), ClientKeyData: tok.ClientKey.Reveal(),
	}
	if !tok.Expiry.IsZero() {
		status.ExpirationTimestamp = &metav1.Time{Time: tok.Expiry.Truncate(time.Second)}
	}
	data, err := json.Marshal(clientauthv1.ExecCredential{
		TypeMeta: metav1.TypeMeta{APIVersion: clientauthv1.SchemeGroupVersion.String(), Kind: "ExecCredential"}, Status: status,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(ios.Out, string(data))
	return err
}
