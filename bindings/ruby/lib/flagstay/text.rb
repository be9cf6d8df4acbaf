# frozen_string_literal: true

require_relative "errors"

module Flagstay
  # Text on its way into the library, which takes UTF-8, and out of it.
  #
  # @api private
  module Text
    class << self
      # @param value [String, Symbol] text in any encoding; bytes without one are taken for UTF-8
      # @param name [String] what the text is, for the error
      # @return [String] the text as valid UTF-8; the same object where it was that already
      # @raise [TypeError, InvalidTextError]
      def utf8(value, name)
        return value if value.is_a?(String) && value.ascii_only?

        text = value.is_a?(Symbol) ? value.name : String.try_convert(value)
        raise TypeError, "#{name} must be a String or a Symbol, not #{value.inspect}" if text.nil?

        text = transcoded(text, name)
        return text if text.valid_encoding?

        raise InvalidTextError, "#{name} is not valid UTF-8: #{text.inspect}"
      end

      # The same, in an object that no other thread can change while the library reads it.
      def settled(value, name)
        text = utf8(value, name)
        text.frozen? ? text : text.dup.freeze
      end

      # @param data [FFI::Pointer] where the text begins
      # @return [String] a copy
      def read(data, length)
        length.zero? ? +"" : data.read_bytes(length).force_encoding(Encoding::UTF_8)
      end

      private

      def transcoded(text, name)
        case text.encoding
        when Encoding::UTF_8, Encoding::US_ASCII then text
        when Encoding::BINARY then text.dup.force_encoding(Encoding::UTF_8)
        else text.encode(Encoding::UTF_8)
        end
      rescue EncodingError => e
        raise InvalidTextError, "#{name} cannot be written as UTF-8: #{e.message}"
      end
    end
  end
end
