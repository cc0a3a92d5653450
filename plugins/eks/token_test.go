package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

func TestToken(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		params map[string]string
		want   string        // ARN
		life   time.Duration // of the token, to the minute
	}{
		"user":          {nil, userARN, tokenLifetime},
		"role":          {map[string]string{"roleArn": auditARN, "externalId": externalID, "sessionName": "night"}, "arn:aws:sts::111122223333:assumed-role/audit/night", tokenLifetime},
		"short session": {map[string]string{"roleArn": shortARN}, "arn:aws:sts::111122223333:assumed-role/short/kubemuster", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := w.provider.Token(t.Context(), w.target(t, "prod", tc.params))
			if err != nil {
				t.Fatal(err)
			}
			arn, err := w.VerifyToken(token.Value.Reveal(), "prod")
			if err != nil || arn != tc.want {
				t.Errorf("token of %q (%v), want %q", arn, err, tc.want)
			}
			if life := time.Until(token.Expiry); life > tc.life || life < tc.life-30*time.Second {
				t.Errorf("the token lives %s, want %s", life, tc.life)
			}
			if _, err := w.VerifyToken(token.Value.Reveal(), "test"); err == nil {
				t.Error("the token is good for another cluster")
			}
		})
	}
}

// TestTokenEndpoint shows that no setting changes the host that a token names.
func TestTokenEndpoint(t *testing.T) {
	w := newWorld(t)
	ordinary := w.target(t, "prod", nil)
	const elsewhere = "https://elsewhere.example"
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_EKS"} {
		t.Setenv(name, elsewhere)
	}
	if access, err := w.provider.Access(t.Context(), ordinary); err != nil || !strings.Contains(access.Hint, userARN) {
		t.Errorf("AWS_ENDPOINT_URL stands before the target's parameters: %v", err)
	}
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
	t.Setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
	t.Setenv("AWS_PROFILE", "p")
	writeFile(t, os.Getenv("AWS_CONFIG_FILE"), "[profile p]\nendpoint_url = "+elsewhere+"\nservices = s\n[services s]\nsts =\n  endpoint_url = "+elsewhere+"\n")

	for region, host := range map[string]string{
		"us-east-1":      "sts.us-east-1.amazonaws.com",
		"ap-southeast-2": "sts.ap-southeast-2.amazonaws.com",
		"us-gov-west-1":  "sts.us-gov-west-1.amazonaws.com",
		"cn-north-1":     "sts.cn-north-1.amazonaws.com.cn",
		"us-iso-east-1":  "sts.us-iso-east-1.c2s.ic.gov",
		"eusc-de-east-1": "sts.eusc-de-east-1.amazonaws.eu",
	} {
		target := w.target(t, "prod", map[string]string{"endpointUrl": "", "stsEndpointUrl": ""})
		target.Path["region"] = region
		token, err := w.provider.Token(t.Context(), target)
		if err != nil {
			t.Errorf("%s: %v", region, err)
			continue
		}
		u, err := url.Parse(decode(t, token))
		if err != nil {
			t.Fatal(err)
		}
		if u.Host != host {
			t.Errorf("%s: host %s, want %s", region, u.Host, host)
		}
		if _, err := w.VerifyToken(token.Value.Reveal(), "prod"); err != nil && !strings.Contains(region, "iso") && !strings.Contains(region, "eusc") {
			t.Errorf("%s: %v", region, err)
		}
	}
}

func TestFIPSAndEndpoint(t *testing.T) {
	w := newWorld(t)
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
	_, err := w.provider.Access(t.Context(), w.target(t, "prod", nil))
	checkError(t, err, sdk.ErrInvalidTarget, "AWS_USE_FIPS_ENDPOINT")
}

func TestCheckPresigned(t *testing.T) {
	w := newWorld(t)
	token, err := w.provider.Token(t.Context(), w.target(t, "prod", nil))
	if err != nil {
		t.Fatal(err)
	}
	good := decode(t, token)
	if _, err := checkPresigned(good, "us-east-1"); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"host%3Bx-k8s-aws-id", "amz-sdk-request%3Bhost%3Bx-k8s-aws-id"},
		{"host%3Bx-k8s-aws-id", "host"},
		{"X-Amz-Expires=60", "X-Amz-Expires=900"},
		{"X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=60"},
		{"GetCallerIdentity", "GetSessionToken"},
		{"https://", "http://"},
		{"sts.us-east-1.amazonaws.com", "sts.amazonaws.com"},
		{"sts.us-east-1.amazonaws.com", "sts-fips.us-east-1.amazonaws.com"},
		{"sts.us-east-1.amazonaws.com", "elsewhere.example"},
		{".com/", ".com/x"},
		{"X-Amz-Date=2", "X-Amz-Date=x"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("nothing to change: %s", change[0])
		}
		_, err := checkPresigned(bad, "us-east-1")
		var e *sdk.Error
		if !errors.As(err, &e) || strings.Contains(err.Error(), keyID) {
			t.Errorf("%s instead of %s: error %v", change[1], change[0], err)
		}
	}
}

func TestTokenRefused(t *testing.T) {
	ended := awssdk.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, CanExpire: true, Expires: time.Now().Add(-time.Second)}
	_, err := newToken(t.Context(), "us-east-1", "prod", ended)
	checkError(t, err, sdk.ErrUnauthenticated, "ended at")

	long := awssdk.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: strings.Repeat("x", 4096)}
	_, err = newToken(t.Context(), "us-east-1", "prod", long)
	checkError(t, err, sdk.ErrUnsupported, "4096 bytes")

	w := newWorld(t)
	t.Setenv("AWS_SESSION_TOKEN", "")
	login(t, keyID, "canary-guess")
	token, err := w.provider.Token(t.Context(), w.target(t, "prod", nil))
	if err != nil {
		t.Fatal(err) // signing asks nobody
	}
	if _, err := w.VerifyToken(token.Value.Reveal(), "prod"); err == nil {
		t.Error("a token that is signed with a wrong secret is good")
	}
}

// TestRenewal has the token of a session that is about to end signed by the next one.
func TestRenewal(t *testing.T) {
	w := newWorld(t)
	target := w.target(t, "prod", map[string]string{"roleArn": shortARN})
	first, err := w.provider.Token(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	w.Revoke(shortARN)
	if _, err := w.VerifyToken(first.Value.Reveal(), "prod"); err == nil {
		t.Error("the revoked session's token is good")
	}
	second, err := w.provider.Token(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.VerifyToken(second.Value.Reveal(), "prod"); err != nil {
		t.Errorf("the second token: %v", err)
	}
}

// source issues credentials of a lifetime, numbered, until it is told to fail.
type source struct {
	life   time.Duration
	issued atomic.Int32
	fail   atomic.Bool
}

func (s *source) Retrieve(context.Context) (awssdk.Credentials, error) {
	if s.fail.Load() {
		return awssdk.Credentials{}, fmt.Errorf("canary: out of order")
	}
	return awssdk.Credentials{
		AccessKeyID: fmt.Sprint("AKIA", s.issued.Add(1)), SecretAccessKey: secret, CanExpire: true, Expires: time.Now().Add(s.life),
	}, nil
}

func TestCredentials(t *testing.T) {
	for name, tc := range map[string]struct {
		life time.Duration
		fail bool
		want int32 // how many credentials two calls take
		err  bool
	}{
		"far from their end":          {life: time.Hour, want: 1},
		"near their end":              {life: time.Minute, want: 3}, // the first call cannot know how long they live
		"near their end, no new ones": {life: time.Minute, fail: true, want: 2},
		"ended, no new ones":          {life: -time.Minute, fail: true, want: 2, err: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &source{life: tc.life}
			c := &client{cached: awssdk.NewCredentialsCache(s)}
			if _, err := c.credentials(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.fail.Store(tc.fail)
			_, err := c.credentials(t.Context())
			if tc.err {
				checkError(t, err, sdk.ErrUnauthenticated, "getting AWS credentials failed")
			} else if err != nil {
				t.Error(err)
			}
			if got := s.issued.Load(); got != tc.want {
				t.Errorf("%d credentials were issued, want %d", got, tc.want)
			}
		})
	}
}
