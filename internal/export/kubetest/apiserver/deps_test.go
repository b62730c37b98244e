package apiserver

import (
	_ "go.etcd.io/etcd/server/v3/embed"
	_ "k8s.io/client-go/dynamic"
	_ "k8s.io/kubernetes/cmd/kube-apiserver/app"
	_ "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)
