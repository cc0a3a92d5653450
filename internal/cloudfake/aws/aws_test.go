package aws_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/cloudfake/aws"
)

// emptyHash is the SHA-256 of nothing.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

const (
	region     = "us-east-1"
	userARN    = "arn:aws:iam::111122223333:user/scanner"
	otherARN   = "arn:aws:iam::111122223333:user/other"
	roleARN    = "arn:aws:iam::444455556666:role/team/audit"
	clusterARN = "arn:aws:eks:us-east-1:111122223333:cluster/prod"
)

// world is a cloud, its certificate authority, and a clock that tests move.
type world struct {
	*aws.Cloud
	ca      *cloudfake.CA
	advance *atomic.Int64
}

func newWorld(t *testing.T) world {
	w := world{ca: cloudfake.NewCA("test"), advance: &atomic.Int64{}}
	w.Cloud = aws.New(w.ca, aws.Config{
		Users: []aws.User{
			{ARN: userARN, AccessKeyID: "AKIASCANNER", SecretAccessKey: "scanner-secret", MayDescribe: []string{clusterARN, clusterARN + "-gone"}},
			{ARN: otherARN, AccessKeyID: "AKIAOTHER", SecretAccessKey: "other-secret"},
		},
		Roles:    []aws.Role{{ARN: roleARN, Trusts: []string{userARN}, ExternalID: "tenant-7", SessionLifetime: time.Minute}},
		Clusters: []aws.Cluster{{ARN: clusterARN, Endpoint: "https://127.0.0.1:6443", CA: []byte("pem")}},
		Now:      func() time.Time { return time.Now().Add(time.Duration(w.advance.Load())) },
	})
	t.Cleanup(w.Close)
	return w
}

func (w world) http() *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(w.ca.PEM())
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

func static(id, secret, session string) awssdk.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(id, secret, session)
}

func (w world) eks(keys awssdk.CredentialsProvider, region string) *eks.Client {
	endpoint := w.EKSEndpoint()
	return eks.New(eks.Options{Region: region, Credentials: keys, BaseEndpoint: &endpoint, HTTPClient: w.http(), RetryMaxAttempts: 1})
}

func (w world) sts(keys awssdk.CredentialsProvider) *sts.Client {
	endpoint := w.STSEndpoint()
	return sts.New(sts.Options{Region: region, Credentials: keys, BaseEndpoint: &endpoint, HTTPClient: w.http(), RetryMaxAttempts: 1})
}

// code returns AWS's error code in err, or nothing if err is nil.
func code(t *testing.T, err error) string {
	t.Helper()
	var api smithy.APIError
	if err != nil && !errors.As(err, &api) {
		t.Fatalf("not an error of AWS: %v", err)
	}
	if err == nil {
		return ""
	}
	return api.ErrorCode()
}

func TestDescribeCluster(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		keys            awssdk.CredentialsProvider
		region, cluster string
		want            string
	}{
		"allowed":         {static("AKIASCANNER", "scanner-secret", ""), region, "prod", ""},
		"no such cluster": {static("AKIASCANNER", "scanner-secret", ""), region, "prod-gone", "ResourceNotFoundException"},
		"another region":  {static("AKIASCANNER", "scanner-secret", ""), "eu-west-1", "prod", "AccessDeniedException"},
		"no permission":   {static("AKIAOTHER", "other-secret", ""), region, "prod", "AccessDeniedException"},
		"unknown key":     {static("AKIANOBODY", "scanner-secret", ""), region, "prod", "UnrecognizedClientException"},
		"wrong secret":    {static("AKIASCANNER", "other-secret", ""), region, "prod", "InvalidSignatureException"},
		"stray session":   {static("AKIASCANNER", "scanner-secret", "session"), region, "prod", "UnrecognizedClientException"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := w.eks(tc.keys, tc.region).DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: &tc.cluster})
			if got := code(t, err); got != tc.want {
				t.Fatalf("code %q, want %q (%v)", got, tc.want, err)
			}
			if err == nil && (*out.Cluster.Arn != clusterARN || *out.Cluster.Endpoint != "https://127.0.0.1:6443" ||
				*out.Cluster.CertificateAuthority.Data != base64.StdEncoding.EncodeToString([]byte("pem")) ||
				out.Cluster.AccessConfig.AuthenticationMode != "API" || out.Cluster.Status != "ACTIVE") {
				t.Errorf("cluster %+v", out.Cluster)
			}
		})
	}
}

func TestAssumeRole(t *testing.T) {
	w := newWorld(t)
	scanner := w.sts(static("AKIASCANNER", "scanner-secret", ""))
	for name, tc := range map[string]struct {
		client   *sts.Client
		role, id string
		seconds  int32
		want     string
	}{
		"trusted":           {scanner, roleARN, "tenant-7", 900, ""},
		"wrong external ID": {scanner, roleARN, "tenant-8", 900, "AccessDenied"},
		"no such role":      {scanner, roleARN + "s", "tenant-7", 900, "AccessDenied"},
		"not trusted":       {w.sts(static("AKIAOTHER", "other-secret", "")), roleARN, "tenant-7", 900, "AccessDenied"},
		"too short":         {scanner, roleARN, "tenant-7", 60, "ValidationError"},
		"wrong secret":      {w.sts(static("AKIASCANNER", "guess", "")), roleARN, "tenant-7", 900, "SignatureDoesNotMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tc.client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
				RoleArn: &tc.role, RoleSessionName: awssdk.String("s"), ExternalId: &tc.id, DurationSeconds: &tc.seconds,
			})
			if got := code(t, err); got != tc.want {
				t.Fatalf("code %q, want %q", got, tc.want)
			}
		})
	}
}

// assume returns credentials of a session of the role.
func (w world) assume(t *testing.T) awssdk.Credentials {
	t.Helper()
	out, err := w.sts(static("AKIASCANNER", "scanner-secret", "")).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: awssdk.String(roleARN), RoleSessionName: awssdk.String("night"), ExternalId: awssdk.String("tenant-7"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	return awssdk.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
}

func TestSession(t *testing.T) {
	w := newWorld(t)
	keys := w.assume(t)
	whoami := func(keys awssdk.Credentials) (string, string) {
		client := w.sts(credentials.StaticCredentialsProvider{Value: keys})
		out, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", code(t, err)
		}
		if *out.Account != "444455556666" || !strings.HasPrefix(*out.UserId, "AROA") || !strings.HasSuffix(*out.UserId, ":night") {
			t.Errorf("identity %q %q", *out.Account, *out.UserId)
		}
		return *out.Arn, ""
	}

	const session = "arn:aws:sts::444455556666:assumed-role/audit/night"
	if arn, code := whoami(keys); arn != session {
		t.Errorf("session is %q (%s), want %q", arn, code, session)
	}
	without := keys
	without.SessionToken = ""
	if _, code := whoami(without); code != "InvalidClientTokenId" {
		t.Errorf("without its session token: %q", code)
	}
	w.advance.Store(int64(61 * time.Second))
	if _, code := whoami(keys); code != "ExpiredToken" {
		t.Errorf("after its end: %q", code)
	}
	w.advance.Store(0)
	w.Revoke(roleARN)
	if _, code := whoami(keys); code != "InvalidClientTokenId" {
		t.Errorf("revoked: %q", code)
	}
	if arn, code := whoami(w.assume(t)); arn != session {
		t.Errorf("the role's next session: %q", code)
	}
}

// presign returns a signed URL as a token holds it.
func presign(t *testing.T, keys awssdk.Credentials, region string, headers map[string]string) string {
	t.Helper()
	client := sts.NewPresignClient(sts.New(sts.Options{Region: region, Credentials: credentials.StaticCredentialsProvider{Value: keys}}))
	request, err := client.PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		for k, v := range headers {
			o.ClientOptions = append(o.ClientOptions, sts.WithAPIOptions(smithyhttp.SetHeaderValue(k, v)))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return request.URL
}

func tokenOf(signed string) string {
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(signed))
}

func TestVerifyToken(t *testing.T) {
	w := newWorld(t)
	scanner := awssdk.Credentials{AccessKeyID: "AKIASCANNER", SecretAccessKey: "scanner-secret"}
	headers := map[string]string{"x-k8s-aws-id": "prod", "X-Amz-Expires": "60"}
	good := presign(t, scanner, region, headers)
	wrong := scanner
	wrong.SecretAccessKey = "guess"

	for name, tc := range map[string]struct {
		token   string
		advance time.Duration
		want    string // part of the error; empty is none
	}{
		"good":            {token: tokenOf(good)},
		"China":           {token: tokenOf(presign(t, scanner, "cn-north-1", headers))},
		"14 minutes old":  {token: tokenOf(good), advance: 14 * time.Minute},
		"16 minutes old":  {token: tokenOf(good), advance: 16 * time.Minute, want: "Signature expired"},
		"from the future": {token: tokenOf(good), advance: -16 * time.Minute, want: "Signature expired"},
		"another cluster": {token: tokenOf(presign(t, scanner, region, map[string]string{"x-k8s-aws-id": "test", "X-Amz-Expires": "60"})), want: "does not match"},
		"no cluster":      {token: tokenOf(presign(t, scanner, region, map[string]string{"X-Amz-Expires": "60"})), want: "x-k8s-aws-id"},
		"more headers":    {token: tokenOf(presign(t, scanner, region, map[string]string{"x-k8s-aws-id": "prod", "X-Amz-Expires": "60", "x-more": "1"})), want: "x-k8s-aws-id"},
		"no expiry":       {token: tokenOf(presign(t, scanner, region, map[string]string{"x-k8s-aws-id": "prod"})), want: "X-Amz-Expires"},
		"wrong secret":    {token: tokenOf(presign(t, wrong, region, headers)), want: "does not match"},
		"another host":    {token: tokenOf(strings.Replace(good, "sts.us-east-1.amazonaws.com", "sts.example.com", 1)), want: "does not match"},
		"another path":    {token: tokenOf(strings.Replace(good, ".com/", ".com/x", 1)), want: "path"},
		"another action":  {token: tokenOf(strings.Replace(good, "GetCallerIdentity", "AssumeRole", 1)), want: "identity"},
		"more parameters": {token: tokenOf(good + "&more=1"), want: "unexpected parameter"},
		"a parameter twice": {
			token: tokenOf(good + "&X-Amz-Expires=60"), want: "repeated",
		},
		"plain HTTP": {token: tokenOf(strings.Replace(good, "https", "http", 1)), want: "scheme"},
		"padded":     {token: tokenOf(good) + "==", want: "base64url"},
		"no prefix":  {token: tokenOf(good)[1:], want: "k8s-aws-v1."},
		"too long":   {token: tokenOf(good + "&" + strings.Repeat("x", 4096)), want: "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			w.advance.Store(int64(tc.advance))
			arn, err := w.VerifyToken(tc.token, "prod")
			switch {
			case tc.want == "" && (err != nil || arn != userARN):
				t.Errorf("arn %q, error %v", arn, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}

	w.advance.Store(0)
	elsewhere, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sts.elsewhere.example/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", nil)
	elsewhere.Header.Set("x-k8s-aws-id", "prod")
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), scanner, elsewhere, emptyHash, "sts", region, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.VerifyToken(tokenOf(signed), "prod"); err == nil || !strings.Contains(err.Error(), "host") {
		t.Errorf("a token that is well signed for another host: %v", err)
	}
	token := tokenOf(presign(t, w.assume(t), region, headers))
	if _, err := w.VerifyToken(token, "prod"); err != nil {
		t.Errorf("a session's token: %v", err)
	}
	w.advance.Store(int64(time.Minute))
	if _, err := w.VerifyToken(token, "prod"); err == nil {
		t.Error("the token outlives its session")
	}
	w.advance.Store(0)
	w.Revoke(userARN)
	if _, err := w.VerifyToken(tokenOf(good), "prod"); err == nil {
		t.Error("the token outlives its revoked key")
	}
}

// TestPresignedRequest sends a token's request as the control plane does: to STS's own host name, asking for JSON.
func TestPresignedRequest(t *testing.T) {
	w := newWorld(t)
	client := w.http()
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		u, err := url.Parse(w.STSEndpoint())
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, network, u.Host)
	}
	signed := presign(t, awssdk.Credentials{AccessKeyID: "AKIASCANNER", SecretAccessKey: "scanner-secret"}, region,
		map[string]string{"x-k8s-aws-id": "prod", "X-Amz-Expires": "60"})
	send := func(target, cluster string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-k8s-aws-id", cluster)
		r.Header.Set("Accept", "application/json")
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}

	status, body := send(signed, "prod")
	var answer struct {
		GetCallerIdentityResponse struct {
			GetCallerIdentityResult struct{ Account, Arn, UserID string }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	if id := answer.GetCallerIdentityResponse.GetCallerIdentityResult; status != 200 || id.Arn != userARN || id.Account != "111122223333" {
		t.Errorf("status %d, body %s", status, body)
	}
	if status, body := send(signed, "test"); status != 403 || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("for another cluster: status %d, body %s", status, body)
	}
	if status, body := send(strings.Replace(signed, "us-east-1.amazonaws", "us-west-2.amazonaws", 1), "prod"); status != 403 {
		t.Errorf("at another region's host: status %d, body %s", status, body)
	}
	if status, body := send("https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity", "prod"); status != 403 || !strings.Contains(body, "MissingAuthenticationToken") {
		t.Errorf("unsigned: status %d, body %s", status, body)
	}
}

// TestTampering changes signed requests after the fact.
func TestTampering(t *testing.T) {
	w := newWorld(t)
	keys := awssdk.Credentials{AccessKeyID: "AKIASCANNER", SecretAccessKey: "scanner-secret"}
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	sum := sha256.Sum256([]byte(body))
	bodyHash := hex.EncodeToString(sum[:])

	for name, tc := range map[string]struct {
		service string
		at      time.Duration
		tamper  func(*http.Request)
		want    int
	}{
		"untouched":       {"sts", 0, func(*http.Request) {}, 200},
		"unsigned header": {"sts", 0, func(r *http.Request) { r.Header.Set("User-Agent", "me") }, 200},
		"body": {"sts", 0, func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(body, "Get", "Put", 1)))
		}, 403},
		"query":           {"sts", 0, func(r *http.Request) { r.URL.RawQuery = "a=b" }, 403},
		"header":          {"sts", 0, func(r *http.Request) { r.Header.Set("X-Signed", "2") }, 403},
		"x-amz header":    {"sts", 0, func(r *http.Request) { r.Header.Set("X-Amz-More", "1") }, 403},
		"method":          {"sts", 0, func(r *http.Request) { r.Method = http.MethodPut }, 403},
		"host":            {"sts", 0, func(r *http.Request) { r.Host = "sts.us-east-1.amazonaws.com" }, 403},
		"another service": {"eks", 0, func(*http.Request) {}, 403},
		"old":             {"sts", -16 * time.Minute, func(*http.Request) {}, 403},
		"early":           {"sts", 16 * time.Minute, func(*http.Request) {}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.STSEndpoint()+"/", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Signed", "1")
			if err := v4.NewSigner().SignHTTP(t.Context(), keys, r, bodyHash, tc.service, region, time.Now().Add(tc.at)); err != nil {
				t.Fatal(err)
			}
			tc.tamper(r)
			response, err := w.http().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != tc.want {
				body, _ := io.ReadAll(response.Body)
				t.Errorf("status %d, want %d: %s", response.StatusCode, tc.want, body)
			}
		})
	}
}
