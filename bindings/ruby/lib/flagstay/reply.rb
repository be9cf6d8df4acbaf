# frozen_string_literal: true

require_relative "native"
require_relative "text"

module Flagstay
  # What a call gives back through its last parameters: an object that now is ours, and an error object.
  #
  # Whatever happens between the call and the reading of its answer, a thread being killed included, both are freed.
  #
  # @api private
  module Reply
    WORD = 8

    class << self
      # Runs a call that gives back a string.
      #
      # @yieldparam object [FFI::Pointer] where the call writes the string's address
      # @yieldparam error [FFI::Pointer] where it writes that of the error
      # @yieldreturn [Integer] the status
      # @return [String, nil] nil where there is no string
      # @raise [Error]
      def text
        memory = FFI::MemoryPointer.new(:pointer, 2)
        checked(memory, yield(memory, memory + WORD))
        string = memory.get_pointer(0)
        string.null? ? nil : borrowed(string, :string_data)
      ensure
        Native.string_free(memory.get_pointer(0)) if memory
      end

      # Runs a call that gives back a handle.
      #
      # @param kind [Class] the handle's class; what it cannot take over is freed
      # @yield as {text}
      # @return [Native::Handle, nil] nil where the call answered with none
      # @raise [Error]
      def handle(kind)
        memory = FFI::MemoryPointer.new(:pointer, 2)
        checked(memory, yield(memory, memory + WORD))
        object = memory.get_pointer(0)
        return if object.null?

        handle = kind.new(object)
      ensure
        kind.release(memory.get_pointer(0)) if memory && !handle
      end

      # Runs a call that gives back a number, or nothing, in eight bytes.
      #
      # @yield as {text}
      # @return [FFI::Pointer] where the number is
      # @raise [Error]
      def number
        memory = FFI::MemoryPointer.new(:pointer, 2)
        checked(memory, yield(memory, memory + WORD))
        memory
      end

      # @return [Error] the error of a status that is not an answer; the object is freed
      def error(status, pointer)
        message = pointer.null? ? "the library gave no reason" : borrowed(pointer, :error_message)
        Status.error(status, message)
      ensure
        Native.error_free(pointer)
      end

      # @return [String, nil] the text that an object lends; nil where it has none
      def borrowed(object, function)
        length = FFI::MemoryPointer.new(:size_t)
        data = Native.public_send(function, object, length)
        Text.read(data, length.get_uint64(0)) unless data.null?
      end

      private

      def checked(memory, status)
        return if Status.answer?(status)

        raise error(status, memory.get_pointer(WORD))
      end
    end
  end
end
