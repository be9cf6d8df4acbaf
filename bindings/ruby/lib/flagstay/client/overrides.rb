# frozen_string_literal: true

require_relative "../json"
require_relative "../kind"
require_relative "../reply"

module Flagstay
  class Client
    # Answers that the program sets in place of the ruleset's, from the next decision on: for a developer who wants to
    # see a variation, for a test. They live as long as the client, are in no store, and number `status["overrides"]`.
    #
    # Only the dialect `statsig` knows them; with others these methods raise {InvalidArgumentError}. A closed client
    # raises {ClosedError}.
    module Overrides
      # Sets what a flag answers. The flag need not be in the ruleset; setting anew replaces.
      #
      #     client.override(:gate, "new_nav", true)
      #     client.override(:experiment, "price_test", { price: 7 }, id: "user-1")
      #
      # @param kind [:gate, :config, :experiment, :layer]
      # @param value [Boolean, Hash] a boolean for a gate, a Hash for everything else
      # @param id [String, nil] only for users who have this id, their key or any other; nil: for everybody who has no
      #   answer of their own
      # @return [self]
      def override(kind, flag, value, id: nil)
        flag = Text.settled(flag, "flag")
        value = Json.text(value, "value", InvalidArgumentError)
        id = Text.settled(id, "id") unless id.nil?
        changed do |error|
          Native.override_set(@handle, Kind.number(kind), flag, flag.bytesize, id, id.to_s.bytesize, value,
                              value.bytesize, error)
        end
      end

      # Sets that an experiment answers what one of its groups gets, by the group's name. A group that the ruleset does
      # not have answers an empty Hash.
      #
      # @param id as for {#override}
      # @return [self]
      def override_group(flag, group, id: nil)
        flag = Text.settled(flag, "flag")
        group = Text.settled(group, "group")
        id = Text.settled(id, "id") unless id.nil?
        changed do |error|
          Native.override_set_group(@handle, flag, flag.bytesize, id, id.to_s.bytesize, group, group.bytesize, error)
        end
      end

      # Removes the override of a flag for one id or, without an id, all overrides of the flag. That there is none is
      # fine.
      #
      # @return [self]
      def remove_override(kind, flag, id: nil)
        flag = Text.settled(flag, "flag")
        id = Text.settled(id, "id") unless id.nil?
        changed do |error|
          Native.override_remove(@handle, Kind.number(kind), flag, flag.bytesize, id, id.to_s.bytesize, error)
        end
      end

      # Removes all overrides.
      #
      # @return [self]
      def clear_overrides
        changed { |error| Native.override_clear(@handle, error) }
      end

      private

      def changed
        Reply.number { |_, error| yield error }
        self
      end
    end
  end
end
