package snapshot

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// classified is what is left of a custom resource's JSON.
func classified(t *testing.T, text string) (map[string]any, string) {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	Classified(Object{Kind: Custom("example.com", "v1", "Widget"), Value: u})
	data, err := json.Marshal(u.Object)
	if err != nil {
		t.Fatal(err)
	}
	return u.Object, string(data)
}

func TestClassifiedCustomResource(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"told by the field's name":    {`{"spec":{"adminPassword":"hunter2","botToken":"abc","auth":{"clientSecret":"x"}}}`, `{"spec":{"adminPassword":"<named-secret>","botToken":"<named-secret>","auth":{"clientSecret":"<named-secret>"}}}`},
		"a number":                    {`{"password":1234,"port":1234}`, `{"password":"<named-secret>","port":1234}`},
		"a list under a secret name":  {`{"passwords":["hunter2"],"tokens":["a","b"]}`, `{"passwords":["<named-secret>"],"tokens":["<named-secret>","<named-secret>"]}`},
		"a value below a secret name": {`{"password":{"value":"hunter2"},"token":{"secretKeyRef":{"name":"web","key":"token"}}}`, `{"password":{"value":"<named-secret>"},"token":{"secretKeyRef":{"name":"web","key":"token"}}}`},
		"told by itself":              {`{"a":[{"b":{"c":"` + jwt + `"}}],"d":["` + github + `"],"e":"postgres://app:` + `hunter2@db/app"}`, `{"a":[{"b":{"c":"<jwt>"}}],"d":["<token>"],"e":"<url-with-password>db/app"}`},
		"an environment":              {`{"env":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"LEVEL","value":"debug"},{"name":"N","value":"$(M)"}]}`, `{"env":[{"name":"DB_PASSWORD","value":"<named-secret>"},{"name":"LEVEL","value":"<plain>"},{"name":"N","value":"$(M)"}]}`},
		"environments by other names": {
			`{"extraEnv":[{"name":"DB_PASS","value":"hunter2"}],"envVars":[{"name":"A","value":"x"}],"environment":{"DB_PASS":"hunter2","LEVEL":"debug","N":"$(M)"},"environments":[{"name":"a","value":"prod"}],"envFrom":[{"prefix":"A"}]}`,
			`{"extraEnv":[{"name":"DB_PASS","value":"<named-secret>"}],"envVars":[{"name":"A","value":"<plain>"}],"environment":{"DB_PASS":"<named-secret>","LEVEL":"<plain>","N":"$(M)"},"environments":[{"name":"a","value":"prod"}],"envFrom":[{"prefix":"A"}]}`,
		},
		"environments of other forms": {
			`{"env":["DB_PASS=hunter2","A=x","N=$(M)","HOME"],"extraEnv":{"A":{"value":"hunter2"},"B":{"valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}}}}`,
			`{"env":["DB_PASS=<named-secret>","A=<plain>","N=$(M)","HOME"],"extraEnv":{"A":{"value":"<plain>"},"B":{"valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}}}}`,
		},
		"what a Secret is made of": {`{"template":{"stringData":{"a":"hunter2"}},"secretParameters":{"a":"hunter2"}}`, `{"template":{"stringData":{"a":"<named-secret>"}},"secretParameters":{"a":"<named-secret>"}}`},
		"addresses":                {`{"dsn":"app:` + `hunter2@tcp(db:3306)/x","hook":"https://x.example/?sv=1&sig=hunter2"}`, `{"dsn":"<url-with-password>db:3306)/x","hook":"https://x.example/?sv=1&sig=<named-secret>"}`},
		"copies of objects": {
			`{"manifest":"# one\napiVersion: v1\nkind: Secret\nstringData:\n  a: hunter2\n","all":"[{\"apiVersion\":\"v1\",\"a\":\"hunter2\"}]","list":["apiVersion: v1\nkind: Secret\ndata: {a: hunter2}","{\"apiVersion\":\"v1\",\"a\":\"hunter2\"}"]}`,
			`{"list":["",""]}`,
		},
		"short names of secrets": {`{"dbPass":"hunter2","smtpPwd":"hunter2","accountKey":"hunter2","bypass":"a","auth":"basic","items":[{"name":"DB_PASS","value":"hunter2"}]}`, `{"dbPass":"<named-secret>","smtpPwd":"<named-secret>","accountKey":"<named-secret>","bypass":"a","auth":"basic","items":[{"name":"DB_PASS","value":"<named-secret>"}]}`},
		"named values":           {`{"parameters":[{"name":"token","value":"abc"},{"name":"replicas","value":"three"},{"key":"api-key","value":"x"}]}`, `{"parameters":[{"name":"token","value":"<named-secret>"},{"name":"replicas","value":"three"},{"key":"api-key","value":"<named-secret>"}]}`},
		"messages of conditions": {`{"status":{"conditions":[{"type":"Ready","message":"cannot log in with hunter2"}],"message":"a"},"spec":{"rules":[{"message":"b"}]}}`, `{"status":{"conditions":[{"type":"Ready"}],"message":"a"},"spec":{"rules":[{"message":"b"}]}}`},
		"arguments":              {`{"args":["--token","abc123","--port=80","--password=hunter2"]}`, `{"args":["--token","<named-secret>","--port=80","--password=<named-secret>"]}`},
		"a text of many lines":   {`{"config":"user: a\npassword: hunter2\n"}`, `{"config":"user: a\npassword: <named-secret>\n"}`},
		"a copy of an object":    {`{"metadata":{"annotations":{"copy":"{\"spec\":{\"a\":\"hunter2\"}}","kept":"yes"}}}`, `{"metadata":{"annotations":{"kept":"yes"}}}`},
		"a registry's user":      {`{"containers":[{"image":"app:hunter2@registry.example/app:1"}]}`, `{"containers":[{"image":"<named-secret>@registry.example/app:1"}]}`},
		"all below a secret's name": {
			`{"credentials":{"user":"app","value":"hunter2","pin":1234,"port":5432,"url":"https://x.example"},"secretData":{"a":"hunter2","deep":{"b":["hunter2",{"c":"hunter2"}]}},"auth":{"username":"a","password":"hunter2"},"smtpCreds":{"on":true,"x":"hunter2"}}`,
			`{"credentials":{"user":"app","value":"<named-secret>","pin":"<named-secret>","port":5432,"url":"https://x.example"},"secretData":{"a":"<named-secret>","deep":{"b":["<named-secret>",{"c":"<named-secret>"}]}},"auth":{"username":"a","password":"<named-secret>"},"smtpCreds":{"on":true,"x":"<named-secret>"}}`,
		},
		"lists below a secret's name": {
			`{"credentials":[{"name":"a","value":"hunter2"},["hunter2"]],"apiKeys":[{"team":"hunter2"}],"secrets":[{"key":"a","value":"hunter2"},{"key":"hunter2"}]}`,
			`{"credentials":[{"name":"a","value":"<named-secret>"},["<named-secret>"]],"apiKeys":[{"team":"<named-secret>"}],"secrets":[{"key":"a","value":"<named-secret>"},{"key":"<named-secret>"}]}`,
		},
		"pairs whose value is called otherwise": {
			`{"settings":[{"name":"DB_PASSWORD","content":"hunter2"},{"name":"db-token","defaultValue":"hunter2"},{"key":"smtp-pass","data":"hunter2"},{"name":"LEVEL","content":"debug"}]}`,
			`{"settings":[{"name":"DB_PASSWORD","content":"<named-secret>"},{"name":"db-token","defaultValue":"<named-secret>"},{"key":"smtp-pass","data":"<named-secret>"},{"name":"LEVEL","content":"debug"}]}`,
		},
		"labels are seen": {
			`{"metadata":{"labels":{"token":"web","t":"web"}},"podSelector":{"matchLabels":{"token":"web"},"matchExpressions":[{"key":"token","operator":"In","values":["web"]}]},"selector":"token == 'web'"}`,
			`{"metadata":{"labels":{"token":"web","t":"web"}},"podSelector":{"matchLabels":{"token":"web"},"matchExpressions":[{"key":"token","operator":"In","values":["web"]}]},"selector":"token == 'web'"}`,
		},
		"where a secret is": {
			`{"volumes":[{"name":"v","secret":{"secretName":"web","defaultMode":420,"items":[{"key":"tls.key","path":"a"}]}},{"serviceAccountToken":{"audience":"a","expirationSeconds":3607,"path":"token"}}],"imagePullSecrets":[{"name":"registry"}],
			  "credentials":{"source":"Secret","secretRef":{"name":"a","namespace":"b","key":"c"}},"bearerTokenSecret":{"name":"a","key":"b","optional":true},"password":{"valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}},"clientSecret":{"kind":"Secret","apiVersion":"v1","name":"a"}}`,
			`{"volumes":[{"name":"v","secret":{"secretName":"web","defaultMode":420,"items":[{"key":"tls.key","path":"a"}]}},{"serviceAccountToken":{"audience":"a","expirationSeconds":3607,"path":"token"}}],"imagePullSecrets":[{"name":"registry"}],
			  "credentials":{"source":"Secret","secretRef":{"name":"a","namespace":"b","key":"c"}},"bearerTokenSecret":{"name":"a","key":"b","optional":true},"password":{"valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}},"clientSecret":{"kind":"Secret","apiVersion":"v1","name":"a"}}`,
		},
		"what is no secret": {
			`{"spec":{"secretName":"web-tls","isCA":true,"usePassword":true,"tokenFile":"/var/run/token","passwordFile":"/a","token":"/var/run/token","n":3,"selector":"app == 'web'","dnsNames":["shop.example"]}}`,
			`{"spec":{"secretName":"web-tls","isCA":true,"usePassword":true,"tokenFile":"/var/run/token","passwordFile":"/a","token":"/var/run/token","n":3,"selector":"app == 'web'","dnsNames":["shop.example"]}}`,
		},
	} {
		var want map[string]any
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		got, text := classified(t, tt.in)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %s, want %s", name, text, tt.want)
		}
		if _, again := classified(t, text); again != text { // a recorded cluster that is read again is the same
			t.Errorf("%s: a second time it becomes %s", name, again)
		}
	}
}

// The values of labels select by being alike: those of a selector and of the pods that it selects stay alike.
func TestClassifiedSelectorsStayAlike(t *testing.T) {
	kind, _ := KindNamed("Pod")
	for _, value := range []string{"web", github, "Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MEFiQ2RFZg"} {
		for _, key := range []string{"app", "example.com/token"} {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{key: value}}}
			Classified(Object{Kind: kind, Value: pod})
			got, _ := classified(t, `{"spec":{"endpointSelector":{"matchLabels":{"`+key+`":"`+value+`"}}}}`)
			u := unstructured.Unstructured{Object: got}
			selector, _, _ := unstructured.NestedStringMap(u.Object, "spec", "endpointSelector", "matchLabels")
			if !reflect.DeepEqual(selector, pod.Labels) || strings.Contains(selector[key], "ghp_") {
				t.Errorf("the selector becomes %v, the labels %v", selector, pod.Labels)
			}
		}
	}
}
