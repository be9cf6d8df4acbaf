# frozen_string_literal: true

# Usage: ruby demo.rb RULESET_FILE STORE_URL COUNT
$LOAD_PATH.unshift(File.expand_path("../../bindings/ruby/lib", __dir__))
require "flagstay"

abort "usage: demo.rb RULESET_FILE STORE_URL COUNT" unless ARGV.size == 3
ruleset, store, count = ARGV

Flagstay::Client.open(ruleset_file: ruleset, store:) do |client|
  (1..Integer(count)).each do |n|
    user = Flagstay::User.new("user-#{n}", attributes: { plan: n.even? ? "pro" : "free" })
    checkout = client.enabled?("new-checkout", user)
    colour = client.evaluate("button-colour", user, default: "grey")
    puts "#{user.key} new-checkout=#{checkout} button-colour=#{colour.value} sticky=#{colour.sticky?}"
  end
end
