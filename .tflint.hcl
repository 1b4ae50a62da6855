# For the modules and their examples; make lint runs it.
plugin "terraform" {
  enabled = true
  preset  = "recommended"
}

# The provider and its modules are released together, from one repository.
rule "terraform_required_providers" {
  enabled = true
  version = false
}

rule "terraform_naming_convention" {
  enabled = true
}

rule "terraform_documented_variables" {
  enabled = true
}

rule "terraform_documented_outputs" {
  enabled = true
}
