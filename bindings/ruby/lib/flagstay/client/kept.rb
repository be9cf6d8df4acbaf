# frozen_string_literal: true

require_relative "../assignments"
require_relative "../reply"

module Flagstay
  class Client
    # What the store keeps: read, loaded for many decisions, removed.
    module Kept
      # Loads what the store holds for a user by their id of one type, to be passed to any number of decisions. Only
      # Statsig's contract asks for it.
      #
      # A store that fails fails no decision: {Assignments#error} says what happened.
      #
      # @param id_type [String, Symbol] "userID" for the user's key, otherwise the name of one of their ids
      # @return [Assignments, nil] nil where the user has no such id; passing that on is passing none
      # @raise [ClosedError]
      def load_assignments(user, id_type = "userID")
        id_type = text_of(id_type, "id_type")
        handle = Reply.handle(Native::AssignmentsHandle) do |out, error|
          decide(user) do |pointer|
            @native.assignments_load(@handle, pointer, id_type, id_type.bytesize, out, error)
          end
        end
        Assignments.of(handle) if handle
      end

      # Reads the assignment of a unit and a flag, without deciding or enrolling.
      #
      # @param unit [String] the identity that assignments are kept under: usually the user's key
      # @return [Hash, nil] the record in the platform's own shape; nil where nothing is stored
      # @raise [NoStoreError, StoreError, ClosedError]
      def peek(unit, flag)
        unit = text_of(unit, "unit")
        flag = text_of(flag, "flag")
        document(nil) do |_, out, error|
          @native.peek(@handle, unit, unit.bytesize, flag, flag.bytesize, out, error)
        end
      end

      # Removes every assignment of a unit, for all flags.
      #
      # @return [Integer] how many there were
      # @raise [NoStoreError, StoreError, ClosedError] a store that fails half-way has removed a part
      def forget(unit)
        unit = text_of(unit, "unit")
        Reply.number do |out, error|
          decide(nil) { @native.forget(@handle, unit, unit.bytesize, out, error) }
        end.get_uint64(0)
      end
    end
  end
end
