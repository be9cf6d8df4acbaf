# frozen_string_literal: true

require "ffi"
require_relative "errors"
require_relative "library"

module Flagstay
  # The C functions, as `include/flagstay.h` documents them.
  #
  # Text is a `:pointer` and a length in bytes: FFI takes a Ruby String for the pointer as it is, without a copy and
  # with any NUL in it. Each function is attached once and holds the interpreter lock, which is right for what takes
  # nanoseconds; what may wait for a disk, a file or another process is attached to {Waiting} as well, which lets other
  # Ruby threads run meanwhile.
  #
  # @api private
  module Native
    raise LibraryError, "flagstay needs a 64-bit Ruby" unless FFI::Pointer.size == 8

    PATH = Library.locate

    extend FFI::Library
    ffi_lib_flags :now, :local
    ffi_lib PATH

    # The callers that release the interpreter lock while they wait.
    module Waiting
      extend FFI::Library
      ffi_lib_flags :now, :local
      ffi_lib PATH
    end

    # Client, user, and the flag. Users are passed as addresses, 0 for nobody: numbers are passed sooner than objects.
    # Whoever makes such a call must have hold of the user meanwhile.
    DECIDE = %i[pointer uintptr_t pointer size_t].freeze

    # What takes nanoseconds, by name without the prefix: parameters, and the result.
    QUICK = {
      abi_version: [[], :uint32],
      version: [[], :string],
      error_status: [%i[pointer], :int32],
      error_message: [%i[pointer pointer], :pointer],
      error_free: [%i[pointer], :void],
      string_data: [%i[pointer pointer], :pointer],
      string_free: [%i[pointer], :void],
      client_free: [%i[pointer], :void],
      user_new: [%i[pointer size_t pointer pointer], :int32],
      user_from_json: [%i[pointer size_t pointer pointer], :int32],
      user_set_text: [%i[uintptr_t int32 pointer size_t pointer size_t pointer], :int32],
      user_set_number: [%i[uintptr_t int32 pointer size_t double pointer], :int32],
      user_set_integer: [%i[uintptr_t int32 pointer size_t int64 pointer], :int32],
      user_set_boolean: [%i[uintptr_t int32 pointer size_t uint8 pointer], :int32],
      user_set_json: [%i[uintptr_t int32 pointer size_t pointer size_t pointer], :int32],
      user_free: [%i[uintptr_t], :void],
      switch_new: [%i[pointer pointer size_t uint8 pointer pointer], :int32],
      switch_free: [%i[pointer], :void],
      decision_clear: [%i[pointer], :void],
      decisions_count: [%i[pointer], :size_t],
      decisions_at: [%i[pointer size_t pointer pointer], :int32],
      decisions_find: [%i[pointer pointer size_t pointer pointer], :int32],
      decisions_expose: [%i[pointer pointer size_t pointer], :int32],
      decisions_free: [%i[pointer], :void],
      assignments_from_json: [%i[pointer size_t pointer pointer], :int32],
      assignments_error: [%i[pointer pointer], :pointer],
      assignments_json: [%i[pointer pointer pointer], :int32],
      assignments_free: [%i[pointer], :void],
      override_set: [%i[pointer int32 pointer size_t pointer size_t pointer size_t pointer], :int32],
      override_set_group: [%i[pointer pointer size_t pointer size_t pointer size_t pointer], :int32],
      override_remove: [%i[pointer int32 pointer size_t pointer size_t pointer], :int32],
      override_clear: [%i[pointer pointer], :int32],
      client_set_countries: [%i[pointer pointer pointer], :int32],
      drain_events: [%i[pointer size_t pointer pointer], :int32]
    }.freeze

    # What may wait, always.
    SLOW = {
      client_new: %i[pointer size_t pointer pointer pointer],
      client_update: %i[pointer pointer size_t pointer],
      client_status: %i[pointer pointer pointer],
      client_close: %i[pointer uint32 pointer]
    }.freeze

    # What waits as long as the client's store does.
    STORED = {
      evaluate: [*DECIDE, :pointer, :pointer, :pointer],
      # The client, and a switch that is prepared, are passed as addresses too.
      on: %i[uintptr_t uintptr_t pointer size_t uint8],
      switch_on: %i[uintptr_t uintptr_t],
      number: [*DECIDE, :double, :pointer, :pointer],
      text: [*DECIDE, :pointer, :size_t, :pointer, :pointer],
      json: [*DECIDE, :pointer, :size_t, :pointer, :pointer],
      evaluate_all: %i[pointer uintptr_t pointer pointer pointer],
      explain: [*DECIDE, :pointer, :pointer, :pointer],
      assignments_load: %i[pointer uintptr_t pointer size_t pointer pointer],
      peek: %i[pointer pointer size_t pointer size_t pointer pointer],
      forget: %i[pointer pointer size_t pointer pointer],
      track: %i[pointer uintptr_t pointer size_t pointer size_t pointer pointer]
    }.freeze

    QUICK.each { |name, (parameters, result)| attach_function name, :"flagstay_#{name}", parameters, result }
    STORED.each { |name, parameters| attach_function name, :"flagstay_#{name}", parameters, :int32 }
    SLOW.merge(STORED).each do |name, parameters|
      Waiting.attach_function name, :"flagstay_#{name}", parameters, :int32, blocking: true
    end

    Library.check_version(abi_version)

    # A handle that is freed when nobody refers to it any more. Freeing never waits.
    class Handle < FFI::AutoPointer
    end

    # @see Client
    class ClientHandle < Handle
      def self.release(pointer) = Native.client_free(pointer)
    end

    # Frees a user when the object that it is the finalizer of is gone. There are more users than of everything else: a
    # {Handle} for each costs twice as much as the user itself.
    class UserRelease
      def initialize(address)
        @address = address
      end

      # Ruby gives a copy of an object the finalizer of the original: the first that goes frees the user.
      def call(_id)
        address = @address
        @address = 0
        Native.user_free(address)
      end
    end

    # It may be freed after its client, but not be asked.
    #
    # @see Switch
    class SwitchHandle < Handle
      def self.release(pointer) = Native.switch_free(pointer)
    end

    # @see Decisions
    class DecisionsHandle < Handle
      def self.release(pointer) = Native.decisions_free(pointer)
    end

    # @see Assignments
    class AssignmentsHandle < Handle
      def self.release(pointer) = Native.assignments_free(pointer)
    end

    # `flagstay_store`.
    class StoreTable < FFI::Struct
      layout :size, :size_t, :context, :pointer, :drop, :pointer, :get, :pointer, :set, :pointer, :remove, :pointer,
             :load, :pointer, :set_if_absent, :pointer
    end

    # `flagstay_countries`.
    class CountriesTable < FFI::Struct
      layout :size, :size_t, :context, :pointer, :drop, :pointer, :country, :pointer
    end

    # `flagstay_options`.
    class OptionsStruct < FFI::Struct
      layout :size, :size_t, :mode, :int32, :default_json, :pointer, :default_json_len, :size_t, :kind, :int32,
             :enforce_targeting, :uint8, :enforce_overrides, :uint8, :details, :uint8, :assignments, :pointer
    end

    # `flagstay_decision`. From `value_text` on it is pairs of address and length.
    class DecisionStruct < FFI::Struct
      layout :size, :size_t, :storage, :pointer, :reason, :int32, :error, :int32, :value_type, :int32,
             :found, :uint8, :enabled, :uint8, :sticky, :uint8, :value_boolean, :uint8, :value_number, :double,
             :texts, [:uint64, 18], :kind, :int32
    end
  end
end
