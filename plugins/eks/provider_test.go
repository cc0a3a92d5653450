package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/cloudfake/aws"
	"github.com/kubemuster/kubemuster/pkg/sdk"
)

const (
	account    = "111122223333"
	userARN    = "arn:aws:iam::" + account + ":user/scanner"
	clusterARN = "arn:aws:eks:us-east-1:" + account + ":cluster/"
	auditARN   = "arn:aws:iam::" + account + ":role/team/audit"
	shortARN   = "arn:aws:iam::" + account + ":role/short"
	foreignARN = "arn:aws:iam::" + account + ":role/foreign"
	externalID = "tenant-7"

	keyID, secret         = "AKIASCANNER", "canary-scanner-secret"
	weakID, weakSecret    = "AKIAWEAK", "canary-weak-secret"
	sessionCanary         = "canary-session-token"
	prodServer, readGroup = "https://prod.example:443", "kubemuster:readers"
)

// world is a fake cloud and a provider whose environment holds nothing but what the test sets.
type world struct {
	*aws.Cloud
	ca       *cloudfake.CA
	caFile   string
	provider *provider
}

func newWorld(t *testing.T) world {
	t.Helper()
	dir := t.TempDir()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value) // restored at the end
			os.Unsetenv(name)
		}
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	writeFile(t, filepath.Join(dir, "credentials"), fmt.Sprintf("[weak]\naws_access_key_id=%s\naws_secret_access_key=%s\n", weakID, weakSecret))
	login(t, keyID, secret)

	w := world{ca: cloudfake.NewCA("AWS"), caFile: filepath.Join(dir, "ca.pem"), provider: &provider{}}
	writeFile(t, w.caFile, string(w.ca.PEM()))
	cluster := func(name string) aws.Cluster {
		return aws.Cluster{ARN: clusterARN + name, Endpoint: "https://" + name + ".example:443", CA: w.ca.PEM()}
	}
	with := func(c aws.Cluster, change func(*aws.Cluster)) aws.Cluster { change(&c); return c }
	w.Cloud = aws.New(w.ca, aws.Config{
		Users: []aws.User{
			{ARN: userARN, AccessKeyID: keyID, SecretAccessKey: secret, MayDescribe: []string{"*"}},
			{ARN: userARN + "-weak", AccessKeyID: weakID, SecretAccessKey: weakSecret},
		},
		Roles: []aws.Role{
			{ARN: auditARN, Trusts: []string{userARN}, ExternalID: externalID, MayDescribe: []string{"*"}},
			{ARN: shortARN, Trusts: []string{userARN}, SessionLifetime: time.Minute},
			{ARN: foreignARN, Trusts: []string{"arn:aws:iam::999999999999:user/someone"}},
		},
		Clusters: []aws.Cluster{
			cluster("prod"),
			with(cluster("legacy"), func(c *aws.Cluster) { c.AuthenticationMode = "CONFIG_MAP" }),
			with(cluster("creating"), func(c *aws.Cluster) { c.Status, c.Endpoint = "CREATING", "" }),
			with(cluster("updating"), func(c *aws.Cluster) { c.Status = "UPDATING" }),
			with(cluster("deleting"), func(c *aws.Cluster) { c.Status = "DELETING" }),
			with(cluster("failed"), func(c *aws.Cluster) { c.Status = "FAILED" }),
			with(cluster("connected"), func(c *aws.Cluster) { c.Connector = true }),
			with(cluster("outpost"), func(c *aws.Cluster) { c.Outpost = true }),
			with(cluster("plain"), func(c *aws.Cluster) { c.Endpoint = "http://plain.example" }),
			with(cluster("blind"), func(c *aws.Cluster) { c.CA = nil }),
		},
	})
	t.Cleanup(w.Close)
	return w
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func login(t *testing.T, id, secret string) {
	t.Setenv("AWS_ACCESS_KEY_ID", id)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
}

// target parses a target as the host does, with the fake's endpoints beside the given parameters. An empty value takes a
// parameter away.
func (w world) target(t *testing.T, name string, params map[string]string) sdk.Target {
	t.Helper()
	all := map[string]string{"endpointUrl": w.EKSEndpoint(), "stsEndpointUrl": w.STSEndpoint(), "caFile": w.caFile}
	for k, v := range params {
		all[k] = v
	}
	target, err := w.provider.Info().ParseTarget("eks://us-east-1/"+name, all, nil)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// checkError wants an error of the kind that says text, and none of the secrets.
func checkError(t *testing.T, err error, kind error, text string) {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want a %q that says %q", err, kind, text)
	}
	if err == nil {
		return
	}
	for _, canary := range []string{"canary", "X-Amz-", "Signature=", "AWS4-HMAC", "k8s-aws-v1", "\n"} {
		if strings.Contains(err.Error(), canary) {
			t.Errorf("error holds %q: %v", canary, err)
		}
	}
}

func TestAccess(t *testing.T) {
	w := newWorld(t)
	access, err := w.provider.Access(t.Context(), w.target(t, "prod", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := access.Validate(); err != nil {
		t.Error(err)
	}
	want := sdk.Cluster{Provider: "eks", Account: account, Region: "us-east-1", Name: "prod", ID: clusterARN + "prod"}
	if access.Server != prodServer || access.Cluster != want || access.Trust.System() || string(access.Trust.PEM()) != string(w.ca.PEM()) {
		t.Errorf("access %+v", access)
	}
	if _, err := w.provider.Access(t.Context(), w.target(t, "updating", nil)); err != nil {
		t.Errorf("a cluster that is being updated: %v", err)
	}
}

func TestHint(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		cluster string
		params  map[string]string
		want    string
	}{
		"user": {
			"prod", nil,
			`the caller is ` + userARN + `; cluster "prod" (authentication mode API) needs an access entry for ` + userARN + ` with the group ` + readGroup,
		},
		"assumed role": {
			"prod",
			map[string]string{"roleArn": auditARN, "externalId": externalID},
			`the caller is arn:aws:sts::111122223333:assumed-role/audit/kubemuster; cluster "prod" (authentication mode API) needs an access entry for ` + auditARN + ` with the group ` + readGroup,
		},
		"assumed role and aws-auth": {
			"legacy",
			map[string]string{"roleArn": auditARN, "externalId": externalID, "sessionName": "night"},
			`the caller is arn:aws:sts::111122223333:assumed-role/audit/night; cluster "legacy" (authentication mode CONFIG_MAP) needs a mapping of arn:aws:iam::111122223333:role/audit to the group ` + readGroup + ` in ConfigMap kube-system/aws-auth`,
		},
		"STS out of reach": {
			"prod",
			map[string]string{"stsEndpointUrl": "https://127.0.0.1:1"},
			`the caller is not known (sts:GetCallerIdentity failed); cluster "prod" (authentication mode API) needs an access entry for the caller's user or role with the group ` + readGroup,
		},
	} {
		t.Run(name, func(t *testing.T) {
			access, err := w.provider.Access(t.Context(), w.target(t, tc.cluster, tc.params))
			if err != nil {
				t.Fatal(err)
			}
			if access.Hint != tc.want {
				t.Errorf("hint\n%s\nwant\n%s", access.Hint, tc.want)
			}
		})
	}
	const session = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_audit_0123/me@example.com"
	if got := principal(session, ""); got != "arn:aws:iam::111122223333:role/AWSReservedSSO_audit_0123" {
		t.Errorf("principal %s", got)
	}
}

func TestAccessRefused(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		id, secret, session string // of the environment; empty means the scanner's
		cluster             string
		params              map[string]string
		kind                error
		text                string
	}{
		"missing cluster":   {cluster: "gone", kind: sdk.ErrTargetNotFound, text: `there is no EKS cluster "gone" in us-east-1`},
		"creating":          {cluster: "creating", kind: sdk.ErrUnavailable, text: "still CREATING"},
		"deleting":          {cluster: "deleting", kind: sdk.ErrUnsupported, text: "DELETING"},
		"failed":            {cluster: "failed", kind: sdk.ErrUnsupported, text: "FAILED"},
		"connector":         {cluster: "connected", kind: sdk.ErrUnsupported, text: "kubeconfig://"},
		"outpost":           {cluster: "outpost", kind: sdk.ErrUnsupported, text: "Outposts"},
		"no https":          {cluster: "plain", kind: sdk.ErrUnsupported, text: "https"},
		"no CA":             {cluster: "blind", kind: sdk.ErrUnsupported, text: "certificate"},
		"wrong secret":      {id: keyID, secret: "canary-guess", cluster: "prod", kind: sdk.ErrUnauthenticated, text: "InvalidSignatureException"},
		"unknown key":       {id: "AKIANOBODY", secret: "canary-guess", cluster: "prod", kind: sdk.ErrUnauthenticated, text: "aws sts get-caller-identity"},
		"forged session":    {id: keyID, secret: secret, session: sessionCanary, cluster: "prod", kind: sdk.ErrUnauthenticated, text: "UnrecognizedClientException"},
		"no permission":     {id: weakID, secret: weakSecret, cluster: "prod", kind: sdk.ErrPermissionDenied, text: "the identity needs eks:DescribeCluster on arn:aws:eks:us-east-1:*:cluster/prod"},
		"profile":           {cluster: "prod", params: map[string]string{"profile": "weak"}, kind: sdk.ErrPermissionDenied, text: "User: " + userARN + "-weak is not authorized"},
		"unknown profile":   {cluster: "prod", params: map[string]string{"profile": "nobody"}, kind: sdk.ErrUnauthenticated, text: `no AWS profile "nobody"`},
		"role, no ID":       {cluster: "prod", params: map[string]string{"roleArn": auditARN}, kind: sdk.ErrPermissionDenied, text: "externalId"},
		"role, wrong ID":    {cluster: "prod", params: map[string]string{"roleArn": auditARN, "externalId": "tenant-8"}, kind: sdk.ErrPermissionDenied, text: "sts:AssumeRole was refused"},
		"role of others":    {cluster: "prod", params: map[string]string{"roleArn": foreignARN}, kind: sdk.ErrPermissionDenied, text: "trust policy"},
		"no such role":      {cluster: "prod", params: map[string]string{"roleArn": auditARN + "or"}, kind: sdk.ErrPermissionDenied, text: "trust policy"},
		"role may not":      {cluster: "prod", params: map[string]string{"roleArn": shortARN}, kind: sdk.ErrPermissionDenied, text: "on arn:aws:eks:us-east-1:111122223333:cluster/prod"},
		"role, wrong key":   {id: keyID, secret: "canary-guess", cluster: "prod", params: map[string]string{"roleArn": shortARN}, kind: sdk.ErrUnauthenticated, text: "sts:AssumeRole failed: AWS answers SignatureDoesNotMatch"},
		"wrong CA":          {cluster: "prod", params: map[string]string{"caFile": ""}, kind: sdk.ErrUnavailable, text: "caFile"},
		"EKS out of reach":  {cluster: "prod", params: map[string]string{"endpointUrl": "https://127.0.0.1:1"}, kind: sdk.ErrUnavailable, text: "connection refused"},
		"no CA file":        {cluster: "prod", params: map[string]string{"caFile": "missing.pem"}, kind: sdk.ErrInvalidTarget, text: "missing.pem"},
		"slash in the name": {cluster: "prod/../x", kind: sdk.ErrInvalidTarget, text: "name"},
		"ID without role":   {cluster: "prod", params: map[string]string{"externalId": externalID}, kind: sdk.ErrInvalidTarget, text: "roleArn"},
		"no role's ARN":     {cluster: "prod", params: map[string]string{"roleArn": userARN}, kind: sdk.ErrInvalidTarget, text: "roleArn"},
		"session name":      {cluster: "prod", params: map[string]string{"roleArn": auditARN, "sessionName": "a b"}, kind: sdk.ErrInvalidTarget, text: "sessionName"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{} // none has another's credentials
			if tc.id != "" {
				login(t, tc.id, tc.secret)
				t.Setenv("AWS_SESSION_TOKEN", tc.session)
			}
			_, err := p.Access(t.Context(), w.target(t, tc.cluster, tc.params))
			checkError(t, err, tc.kind, tc.text)
		})
	}
}

func TestInvalidRegion(t *testing.T) {
	p := &provider{}
	for _, region := range []string{"", "us-east", "US-EAST-1", "us-east-1.example.com", "us-east-1@example.com", "us-east-1#", "x", "-1"} {
		_, err := p.Token(t.Context(), sdk.Target{Path: map[string]string{"region": region, "cluster": "prod"}})
		checkError(t, err, sdk.ErrInvalidTarget, "not an AWS region")
	}
	for _, region := range []string{"us-east-1", "ap-southeast-5", "us-gov-west-1", "us-isob-east-1", "cn-northwest-1", "eusc-de-east-1"} {
		if !regionPattern.MatchString(region) {
			t.Errorf("%s is not accepted", region)
		}
	}
}

func TestNoCredentials(t *testing.T) {
	w := newWorld(t)
	login(t, "", "")
	_, err := w.provider.Token(t.Context(), w.target(t, "prod", nil))
	checkError(t, err, sdk.ErrUnauthenticated, "no AWS credentials were found")

	for name, tc := range map[string]struct{ config, text string }{
		"process that fails":   {"[profile p]\ncredential_process = echo canary; exit 1\n", "getting AWS credentials failed"},
		"process that babbles": {"[profile p]\ncredential_process = echo canary\n", "aws sts get-caller-identity"},
		"MFA":                  {"[profile p]\nrole_arn = " + auditARN + "\nsource_profile = p\nmfa_serial = canary\naws_access_key_id = a\naws_secret_access_key = canary\n", "loading the AWS configuration failed"},
		"broken file":          {"[profile p\naws_secret_access_key = canary\n", "AWS"},
	} {
		t.Run(name, func(t *testing.T) {
			writeFile(t, os.Getenv("AWS_CONFIG_FILE"), tc.config)
			_, err := new(provider).Token(t.Context(), w.target(t, "prod", map[string]string{"profile": "p"}))
			checkError(t, err, sdk.ErrUnauthenticated, tc.text)
		})
	}
}

// TestWebIdentity has the credential chain exchange a service account's token, at the target's STS.
func TestWebIdentity(t *testing.T) {
	w := newWorld(t)
	login(t, "", "")
	file := filepath.Join(t.TempDir(), "token")
	writeFile(t, file, "canary-web-identity")
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file)
	t.Setenv("AWS_ROLE_ARN", auditARN)
	calls := 0
	s := w.ca.Serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if calls++; r.FormValue("Action") != "AssumeRoleWithWebIdentity" || r.FormValue("WebIdentityToken") != "canary-web-identity" {
			t.Errorf("unexpected call %v", r.Form)
		}
		rw.WriteHeader(http.StatusForbidden)
		_, _ = rw.Write([]byte(`<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>`))
	}))
	defer s.Close()
	_, err := w.provider.Token(t.Context(), w.target(t, "prod", map[string]string{"stsEndpointUrl": s.URL}))
	checkError(t, err, sdk.ErrPermissionDenied, "sts:AssumeRoleWithWebIdentity was refused: AccessDenied")
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

// TestProfileRole has the credential chain assume a role, which must go to the target's STS as well.
func TestProfileRole(t *testing.T) {
	w := newWorld(t)
	login(t, "", "")
	t.Setenv("AWS_PROFILE", "chained")
	writeFile(t, os.Getenv("AWS_CONFIG_FILE"), fmt.Sprintf(
		"[profile scanner]\naws_access_key_id=%s\naws_secret_access_key=%s\n[profile chained]\nsource_profile=scanner\nrole_arn=%s\nexternal_id=%s\nendpoint_url=https://127.0.0.1:1\n",
		keyID, secret, auditARN, externalID))
	access, err := w.provider.Access(t.Context(), w.target(t, "prod", nil))
	if err != nil {
		t.Fatal(err)
	}
	if want := "access entry for arn:aws:iam::111122223333:role/audit (with its path, if the role has one)"; !strings.Contains(access.Hint, want) {
		t.Errorf("hint %q, want %q in it", access.Hint, want)
	}
}

func TestUnavailable(t *testing.T) {
	w := newWorld(t)
	t.Run("throttling", func(t *testing.T) {
		calls := 0
		s := w.ca.Serve(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			calls++
			rw.Header().Set("X-Amzn-Errortype", "ThrottlingException")
			rw.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(rw).Encode(map[string]string{"message": "Rate exceeded"})
		}))
		defer s.Close()
		_, err := w.provider.Access(t.Context(), w.target(t, "prod", map[string]string{"endpointUrl": s.URL}))
		checkError(t, err, sdk.ErrUnavailable, "ThrottlingException")
		if calls != maxAttempts {
			t.Errorf("%d calls, want %d", calls, maxAttempts)
		}
	})
	t.Run("deadline", func(t *testing.T) {
		s := w.ca.Serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := w.provider.Access(ctx, w.target(t, "prod", map[string]string{"endpointUrl": s.URL}))
		checkError(t, err, sdk.ErrUnavailable, "deadline")

		_, err = w.provider.Token(ctx, w.target(t, "prod", map[string]string{"stsEndpointUrl": s.URL, "roleArn": shortARN}))
		checkError(t, err, sdk.ErrUnavailable, "deadline")
	})
}

func TestConcurrentCalls(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	for _, name := range slices.Repeat([]string{"prod", "legacy", "updating"}, 5) {
		target := w.target(t, name, map[string]string{"roleArn": auditARN, "externalId": externalID})
		group.Go(func() {
			if _, err := w.provider.Access(t.Context(), target); err != nil {
				t.Error(err)
			}
			token, err := w.provider.Token(t.Context(), target)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := w.VerifyToken(token.Value.Reveal(), name); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := len(w.provider.clients); n != 1 {
		t.Errorf("%d clients for one identity in one region", n)
	}
}

func TestInfo(t *testing.T) {
	info := (&provider{}).Info()
	for _, name := range info.Env {
		if !strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "AWS_ENDPOINT_URL") {
			t.Errorf("environment variable %s", name)
		}
	}
	for _, p := range info.Parameters {
		if p.Help == "" || strings.Contains(p.Help, "\n") {
			t.Errorf("parameter %s: help %q", p.Name, p.Help)
		}
	}
	if !slices.ContainsFunc(info.Parameters, func(p sdk.Parameter) bool { return p.Name == "caFile" }) {
		t.Error("no parameter caFile")
	}
}

// decode returns the URL within a token.
func decode(t *testing.T, token *sdk.Token) string {
	t.Helper()
	signed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token.Value.Reveal(), tokenPrefix))
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}
