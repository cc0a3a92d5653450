package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientauthv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	clientauthv1beta1 "k8s.io/client-go/pkg/apis/clientauthentication/v1beta1"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// client-go has a runner of its own, which does not fit: it keeps credentials in a process-wide cache, knows no context
// to end by, writes the command's output to ours and hands out no token.

const (
	// maxOutput bounds what is kept of a command's output.
	maxOutput = 1 << 20
	// execExtension names the part of a cluster's entry that is for its credential command.
	execExtension = "client.authentication.k8s.io/exec"
	redacted      = "[redacted]"
)

// execute runs the user's credential command, if it is one of those allowed.
func (e *entry) execute(ctx context.Context, allowed []string, caFile string) (*sdk.Token, error) {
	stanza := e.user.Exec
	if err := e.mayExecute(allowed); err != nil {
		return nil, err
	}
	info, err := e.execInfo(caFile)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, stanza.Command, stanza.Args...)
	cmd.Env = append(environment(stanza), "KUBERNETES_EXEC_INFO="+info)
	var stdout, stderr head
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // a child that holds the output open must not hold up the end
	stopWithChildren(cmd)
	err = cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it has answered, and left a child behind
	case ctx.Err() != nil:
		return nil, sdk.Errorf(sdk.ErrUnavailable, "it may be waiting for a login: log in first, or allow more time", "command %q did not answer in the time allowed", stanza.Command)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, installHint(stanza), "command %q of user %q was not found", stanza.Command, e.userName)
	default:
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "run it in a terminal to see why; it may need you to log in",
			"command %q failed: %v%s", stanza.Command, err, lastWords(stderr.data, stanza))
	}
	return e.parse(stdout.data)
}

// mayExecute compares with the allow-list exactly. clientcmd has made a path in the kubeconfig absolute, so a bare name
// here is one that is looked up in PATH.
func (e *entry) mayExecute(allowed []string) error {
	stanza := e.user.Exec
	command := stanza.Command
	switch {
	case command == "":
		return sdk.Errorf(sdk.ErrInvalidTarget, "repair the user's entry", "the exec stanza of user %q has no command", e.userName)
	case !slices.ContainsFunc(allowed, func(a string) bool { return strings.TrimSpace(a) == command }):
		return sdk.Errorf(sdk.ErrUnsupported, "if you trust it, set allowExec="+oneLine(command), "user %q of the kubeconfig signs in with command %q, which is not allowed", e.userName, command)
	case stanza.APIVersion != clientauthv1.SchemeGroupVersion.String() && stanza.APIVersion != clientauthv1beta1.SchemeGroupVersion.String():
		return sdk.Errorf(sdk.ErrUnsupported, "update the command and create the entry anew, with apiVersion "+clientauthv1.SchemeGroupVersion.String(),
			"the exec stanza of user %q has apiVersion %q", e.userName, stanza.APIVersion)
	case stanza.InteractiveMode == api.AlwaysExecInteractiveMode:
		return sdk.Errorf(sdk.ErrUnsupported, "use a way to sign in that asks nothing, with interactiveMode Never", "command %q asks questions in a terminal, where a scan has none", command)
	}
	return nil
}

// environment is the plugin's own and the stanza's variables. Those that go-plugin sets for this process are left out:
// they would upset a command that uses go-plugin as well.
func environment(stanza *api.ExecConfig) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PLUGIN_") })
	for _, v := range stanza.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

// execInfo is what the command learns of the call. The API versions differ in name alone.
func (e *entry) execInfo(caFile string) (string, error) {
	cred := clientauthv1.ExecCredential{TypeMeta: metav1.TypeMeta{Kind: "ExecCredential", APIVersion: e.user.Exec.APIVersion}}
	if e.user.Exec.ProvideClusterInfo {
		a, err := e.access(caFile)
		if err != nil {
			return "", err
		}
		cred.Spec.Cluster = &clientauthv1.Cluster{
			Server: a.Server, TLSServerName: a.TLSServerName, ProxyURL: a.ProxyURL, DisableCompression: e.cluster.DisableCompression,
		}
		if !a.Trust.System() { // else none, which says the system's
			cred.Spec.Cluster.CertificateAuthorityData = a.Trust.PEM()
		}
		if config := e.cluster.Extensions[execExtension]; config != nil {
			cred.Spec.Cluster.Config = runtime.RawExtension{Object: config}
		}
	}
	info, err := json.Marshal(cred)
	if err != nil {
		return "", sdk.Errorf(sdk.ErrInvalidTarget, "repair the cluster's extension "+execExtension, "cluster %q cannot be told to the credential command", e.clusterName)
	}
	return string(info), nil
}

// parse reads the command's answer. No error quotes it.
func (e *entry) parse(answer []byte) (*sdk.Token, error) {
	stanza := e.user.Exec
	var cred clientauthv1.ExecCredential
	if err := json.Unmarshal(answer, &cred); err != nil || cred.Kind != "ExecCredential" {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "check the command and its arguments", "command %q did not print an ExecCredential", stanza.Command)
	}
	if cred.APIVersion != stanza.APIVersion {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "create the user's entry anew with the command's tool",
			"command %q answered in another apiVersion than %s", stanza.Command, stanza.APIVersion)
	}
	if cred.Status == nil {
		cred.Status = &clientauthv1.ExecCredentialStatus{}
	}
	var expiry time.Time
	if cred.Status.ExpirationTimestamp != nil {
		expiry = cred.Status.ExpirationTimestamp.Time
	}
	return credential(fmt.Sprintf("command %q", stanza.Command), "run it in a terminal to see why, and check the clock; it may need you to log in",
		cred.Status.Token, []byte(cred.Status.ClientCertificateData), []byte(cred.Status.ClientKeyData), expiry)
}

func installHint(stanza *api.ExecConfig) string {
	const own = "install it, or put its folder into PATH"
	line, _, _ := strings.Cut(strings.TrimSpace(stanza.InstallHint), "\n")
	if line = oneLine(line); line == "" {
		return own
	}
	return own + " (" + line + ")"
}

var (
	secretFlag = regexp.MustCompile(`(?i)^-.*(secret|token|passw|key|assertion|credential)`)
	credWord   = regexp.MustCompile(`eyJ[A-Za-z0-9_.-]{8,}|[A-Za-z0-9_+/=-]{32,}`)
)

// lastWords is the last line that a failed command wrote to stderr, in a form to be appended to a message: without the
// values of the stanza that may be secret, and without words that look like a JWT or another credential.
func lastWords(stderr []byte, stanza *api.ExecConfig) string {
	lines := strings.Split(strings.TrimSpace(string(stderr)), "\n")
	line := oneLine(lines[len(lines)-1])
	if line == "" {
		return ""
	}
	for _, s := range secretsOf(stanza) {
		line = strings.ReplaceAll(line, s, redacted)
	}
	line = credWord.ReplaceAllStringFunc(line, func(word string) string {
		if strings.HasPrefix(word, "eyJ") || strings.ContainsAny(word, "0123456789") {
			return redacted
		}
		return word // a path, a name
	})
	return fmt.Sprintf(": %.300s", line)
}

// secretsOf returns the lines of what the stanza gives to the command and may be secret: variables, and arguments of
// flags that sound so. Very short ones hide nothing and would riddle a message.
func secretsOf(stanza *api.ExecConfig) []string {
	var values, lines []string
	for _, v := range stanza.Env {
		values = append(values, v.Value)
	}
	for i, arg := range stanza.Args {
		switch flag, value, ok := strings.Cut(arg, "="); {
		case !secretFlag.MatchString(flag):
		case ok:
			values = append(values, value)
		case i+1 < len(stanza.Args):
			values = append(values, stanza.Args[i+1])
		}
	}
	for line := range strings.SplitSeq(strings.Join(values, "\n"), "\n") {
		if line = oneLine(line); len(line) > 3 {
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return len(b) - len(a) }) // one may be part of another
	return lines
}

// head is a writer that keeps the beginning of what is written.
type head struct{ data []byte }

func (h *head) Write(p []byte) (int, error) {
	h.data = append(h.data, p[:min(len(p), maxOutput-len(h.data))]...)
	return len(p), nil
}
