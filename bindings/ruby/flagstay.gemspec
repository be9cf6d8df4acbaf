# frozen_string_literal: true

require_relative "lib/flagstay/version"

Gem::Specification.new do |spec|
  spec.name = "flagstay"
  spec.version = Flagstay::VERSION
  spec.authors = ["The flagstay authors"]
  spec.summary = "Feature flags and experiments that stay: decided in-process, the same in every language."
  spec.description = "Decides feature flags and experiments in-process, by the rule documents that teams have, and " \
                     "keeps each user where they were put. A thin layer over the native library libflagstay."
  spec.licenses = ["MIT", "Apache-2.0"]
  spec.required_ruby_version = ">= 3.1"
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*", "sig/**/*.rbs", "*.md"] }
  spec.add_runtime_dependency "ffi", ">= 1.15", "< 2"
  spec.metadata = { "rubygems_mfa_required" => "true" }
end
