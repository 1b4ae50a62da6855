package concept_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

type named string

func (n named) String() string { return string(n) }

func TestProvided_WhatTheProviderHands_IsTakenOrRefused(t *testing.T) {
	var got fmt.Stringer
	if diags := concept.Provided("homelab_x", nil, &got); diags.HasError() || got != nil {
		t.Errorf("before the provider is configured: %v, %v", got, diags)
	}
	if diags := concept.Provided("homelab_x", named("door"), &got); diags.HasError() || got.String() != "door" {
		t.Errorf("got %v, %v", got, diags)
	}
	diags := concept.Provided("homelab_x", 7, &got)
	if !diags.HasError() || !strings.Contains(diags[0].Detail(), "homelab_x got int") || got.String() != "door" {
		t.Errorf("got %v, %v", got, diags)
	}
}
