# frozen_string_literal: true

require_relative "../json"
require_relative "../reply"

module Flagstay
  class Client
    # What users did, and saw: a queue, and what is to be delivered from it.
    module Events
      # How many events a drain takes that does not say how many: all.
      ALL = (2**64) - 1
      private_constant :ALL

      # Takes a metric event: what a user did. Never waits: when the queue is full the oldest event leaves, counted.
      #
      # @param value [Object, nil] a number, or what the platform takes
      # @param properties [Hash, nil]
      # @param flags [Array<String>, nil] where the event is meant for some flags only
      # @return [Boolean] whether the event was queued; false where the platform's rules do not take it
      # @raise [ClosedError, InvalidArgumentError]
      def track(event, user, value: nil, properties: nil, flags: nil)
        event = text_of(event, "event")
        details = { value:, properties:, flags: }.compact
        details = details.empty? ? "" : Json.text(details, "track", InvalidArgumentError)
        Reply.number do |out, error|
          decide(user) do |pointer|
            @native.track(@handle, pointer, event, event.bytesize, details, details.bytesize, out, error)
          end
        end.get_uint8(0) == 1
      end

      # Takes queued events out, oldest first; they are the caller's to deliver. Works on a closed client too.
      #
      # @param most [Integer] how many at most; without it all
      # @return [Array<Hash>] in the shape of the ruleset's platform, with String names
      def drain_events(most = ALL)
        lines = Reply.text { |out, error| Native.drain_events(@handle, most, out, error) }
        lines.to_s.each_line.map { |line| JSON.parse(line) }
      end
    end
  end
end
