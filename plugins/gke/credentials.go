package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/metadata"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"golang.org/x/oauth2/google/externalaccount"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// scopes are what a token is issued for. Without userinfo.email GKE sees a number as the user, and RBAC cannot name it.
var scopes = []string{
	"https://www.googleapis.com/auth/cloud-platform",
	"https://www.googleapis.com/auth/userinfo.email",
}

// credentials are one source of access tokens: a file, or the metadata server of the machine.
type credentials struct {
	path string // empty: the metadata server
	file credentialsFile
}

// credentialsFile holds the fields of a Google credentials file that this plugin reads. What is checked here is written
// out again for the oauth2 library: it never sees the file itself, so the two cannot read it differently.
//
// The secrets in it are plain strings for that one reason. It is never printed, and no error quotes it.
type credentialsFile struct {
	Type           string `json:"type"`
	UniverseDomain string `json:"universe_domain,omitempty"`
	QuotaProjectID string `json:"quota_project_id,omitempty"`

	// service_account and authorized_user
	ClientEmail  string `json:"client_email,omitempty"`
	PrivateKeyID string `json:"private_key_id,omitempty"`
	PrivateKey   string `json:"private_key,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	TokenURI     string `json:"token_uri,omitempty"`

	// external_account
	Audience                    string                            `json:"audience,omitempty"`
	SubjectTokenType            string                            `json:"subject_token_type,omitempty"`
	TokenURL                    string                            `json:"token_url,omitempty"`
	TokenInfoURL                string                            `json:"token_info_url,omitempty"`
	WorkforcePoolUserProject    string                            `json:"workforce_pool_user_project,omitempty"`
	CredentialSource            *externalaccount.CredentialSource `json:"credential_source,omitempty"`
	ServiceAccountImpersonation struct {
		TokenLifetimeSeconds int `json:"token_lifetime_seconds,omitempty"`
	} `json:"service_account_impersonation,omitzero"`

	// external_account and impersonated_service_account
	ServiceAccountImpersonationURL string `json:"service_account_impersonation_url,omitempty"`

	// impersonated_service_account
	Delegates         []string         `json:"delegates,omitempty"`
	SourceCredentials *credentialsFile `json:"source_credentials,omitempty"`
}

// findCredentials reads the file that the target names, or else what Application Default Credentials point at. The
// lookup is our own because the library would use the file that it finds before anyone could check the URLs in it.
// trusted is a host:port to accept beside Google's.
func findCredentials(path, trusted string) (*credentials, error) {
	where := "parameter credentialsFile"
	if path == "" {
		where, path = "GOOGLE_APPLICATION_CREDENTIALS", os.Getenv("GOOGLE_APPLICATION_CREDENTIALS")
	}
	wellKnown := path == ""
	if wellKnown {
		where, path = "gcloud", gcloudFile()
	}
	raw, err := os.ReadFile(path)
	switch {
	case wellKnown && errors.Is(err, fs.ErrNotExist):
		return &credentials{}, nil
	case err != nil:
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "name a file that can be read", "the credentials file of %s cannot be read: %v", where, err)
	}
	c := &credentials{path: path}
	if err := json.Unmarshal(raw, &c.file); err != nil {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "make it again with gcloud", "credentials file %s is not one of Google's", path)
	}
	if err := c.file.check(path, trusted, "service_account", "authorized_user", "external_account", "impersonated_service_account"); err != nil {
		return nil, err
	}
	return c, nil
}

// gcloudFile is where "gcloud auth application-default login" leaves its credentials; empty where no folder is known, so
// that nothing is looked up in the working directory.
func gcloudFile() string {
	const name = "application_default_credentials.json"
	if folder := os.Getenv("CLOUDSDK_CONFIG"); folder != "" {
		return filepath.Join(folder, name)
	}
	if runtime.GOOS == "windows" {
		if folder := os.Getenv("APPDATA"); folder != "" {
			return filepath.Join(folder, "gcloud", name)
		}
		return ""
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".config", "gcloud", name)
	}
	return ""
}

// check refuses a file of another type than those given, and one that would send a credential elsewhere than to Google.
func (f *credentialsFile) check(path, trusted string, types ...string) error {
	if !slices.Contains(types, f.Type) {
		return sdk.Errorf(sdk.ErrUnsupported, "use one of "+strings.Join(types, ", "), "credentials file %s has type %q", path, f.Type)
	}
	if f.UniverseDomain != "" && f.UniverseDomain != "googleapis.com" {
		return sdk.Errorf(sdk.ErrUnsupported, "use credentials of googleapis.com", "credentials file %s is for another universe domain", path)
	}
	source := f.CredentialSource
	if source == nil {
		source = &externalaccount.CredentialSource{}
	}
	for _, u := range []struct {
		field, value string
		allowed      func(*url.URL) bool
	}{
		{"token_uri", f.TokenURI, service("oauth2", trusted)},
		{"token_url", f.TokenURL, service("sts", trusted)},
		{"token_info_url", f.TokenInfoURL, service("sts", trusted)},
		{"service_account_impersonation_url", f.ServiceAccountImpersonationURL, impersonation(trusted)},
		{"credential_source.url", source.URL, subjectTokenSource},
		{"credential_source.region_url", source.RegionURL, subjectTokenSource},
		{"credential_source.imdsv2_session_token_url", source.IMDSv2SessionTokenURL, subjectTokenSource},
		// {region} is a placeholder, and no character of a host.
		{"credential_source.regional_cred_verification_url", strings.Replace(source.RegionalCredVerificationURL, "{region}", "region", 1), awsSTS},
	} {
		if u.value == "" {
			continue
		}
		parsed, err := url.Parse(u.value)
		if err != nil || parsed.User != nil || parsed.Fragment != "" || !u.allowed(parsed) {
			return sdk.Errorf(sdk.ErrUnauthenticated, "make the file again with gcloud, and use none that came from elsewhere",
				"credentials file %s: %s is none of the hosts that credentials may be sent to", path, u.field)
		}
	}
	if source.Executable != nil && os.Getenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES") != "1" {
		return sdk.Errorf(sdk.ErrUnsupported, "set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 if you trust the file",
			"credentials file %s runs a command", path)
	}
	if f.SourceCredentials != nil {
		return f.SourceCredentials.check(path+" (source_credentials)", trusted, "service_account", "authorized_user", "external_account")
	}
	return nil
}

// service admits a Google API over https: global, regional (sts.europe-west1.rep.googleapis.com), locational, with mTLS,
// or through Private Service Connect (sts-endpoint.p.googleapis.com). Older key files name the token endpoint by
// accounts.google.com and www.googleapis.com. trusted is the Container API that the user named as apiEndpoint: it
// receives access tokens anyway.
func service(name, trusted string) func(*url.URL) bool {
	hosts := regexp.MustCompile(`^(([a-z0-9-]+[.-])?` + name + `|` + name + `\.[a-z0-9-]+(\.rep)?|` + name + `-[a-z0-9-]+\.p)\.googleapis\.com$`)
	return func(u *url.URL) bool {
		host, port := u.Hostname(), cmp.Or(u.Port(), "443")
		google := hosts.MatchString(host) || name == "oauth2" && (host == "accounts.google.com" || host == "www.googleapis.com")
		named := trusted != "" && net.JoinHostPort(host, port) == trusted
		return u.Scheme == "https" && (google && port == "443" || named)
	}
}

var impersonationPath = regexp.MustCompile(`^/v1/projects/-/serviceAccounts/([A-Za-z0-9._@-]+):generateAccessToken$`)

func impersonation(trusted string) func(*url.URL) bool {
	iam := service("iamcredentials", trusted)
	return func(u *url.URL) bool { return iam(u) && impersonationPath.MatchString(u.Path) && u.RawQuery == "" }
}

// subjectTokenSource admits the places that hand a workload its own identity: the metadata addresses of AWS and Azure, an
// agent on this machine, and GitHub Actions. Google's documentation has URL sources be local servers; an identity
// provider elsewhere can be read through a file.
func subjectTokenSource(u *url.URL) bool {
	host := u.Hostname()
	if u.Scheme == "https" && strings.HasSuffix(host, ".actions.githubusercontent.com") {
		return true
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || host == "169.254.169.254" || host == "fd00:ec2::254" || err == nil && ip.IsLoopback()
}

var awsSTSHost = regexp.MustCompile(`^sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$`)

func awsSTS(u *url.URL) bool { return u.Scheme == "https" && awsSTSHost.MatchString(u.Host) }

// tokens returns a source whose requests end with ctx and use the client in it.
func (c *credentials) tokens(ctx context.Context) (oauth2.TokenSource, error) {
	if c.path == "" {
		return metadataTokens{ctx}, nil
	}
	raw, err := json.Marshal(c.file)
	if err != nil {
		return nil, err
	}
	found, err := google.CredentialsFromJSONWithType(ctx, raw, google.CredentialsType(c.file.Type), scopes...)
	if err != nil {
		return nil, err
	}
	return found.TokenSource, nil
}

// email is the identity that the credentials speak for, as far as they tell.
func (c *credentials) email() string {
	if u, err := url.Parse(c.file.ServiceAccountImpersonationURL); err == nil {
		if m := impersonationPath.FindStringSubmatch(u.Path); m != nil {
			return m[1]
		}
	}
	return c.file.ClientEmail
}

// String names the credentials in messages.
func (c *credentials) String() string {
	if c.path == "" {
		return "this machine's service account"
	}
	return "credentials file " + c.path
}

// advice says what to do when Google refuses the credentials.
func (c *credentials) advice() string {
	switch c.file.Type {
	case "service_account":
		return "check that the key was not deleted, that the service account is enabled and that this machine's clock is right"
	case "authorized_user":
		return "run gcloud auth application-default login again"
	case "external_account":
		return "check the audience, the pool's attribute condition and that the subject token is fresh"
	case "impersonated_service_account":
		return "check its source credentials"
	}
	return "attach a service account with the scope cloud-platform to this machine"
}

// metadataTokens asks the machine's metadata server. google.ComputeTokenSource does the same without a context, and
// remembers for the life of the process whether there is such a server.
type metadataTokens struct{ ctx context.Context }

// Token implements oauth2.TokenSource.
func (m metadataTokens) Token() (*oauth2.Token, error) {
	server := metadata.NewClient(nil)
	if !server.OnGCEWithContext(m.ctx) {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "run gcloud auth application-default login, set GOOGLE_APPLICATION_CREDENTIALS or name a credentialsFile",
			"there are no Google credentials")
	}
	raw, err := server.GetWithContext(m.ctx, "instance/service-accounts/default/token?scopes="+url.QueryEscape(strings.Join(scopes, ",")))
	if undefined := metadata.NotDefinedError(""); errors.As(err, &undefined) {
		return nil, sdk.Errorf(sdk.ErrUnauthenticated, "attach one, or name a credentialsFile", "no service account is attached to this machine")
	}
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrUnavailable, "check that it can be reached from here", "the metadata server gave no token")
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(raw), &answer); err != nil {
		return nil, sdk.Errorf(sdk.ErrUnavailable, "", "the metadata server's answer cannot be read")
	}
	t := &oauth2.Token{AccessToken: answer.AccessToken}
	if answer.ExpiresIn > 0 {
		t.Expiry = time.Now().Add(time.Duration(answer.ExpiresIn) * time.Second)
	}
	return t, nil
}
