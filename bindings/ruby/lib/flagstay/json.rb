# frozen_string_literal: true

require "json"
require_relative "text"

module Flagstay
  # Ruby values as JSON, strictly: what JSON has no form for is an error that names its place, never its `to_s`.
  #
  # @api private
  module Json
    # Deeper than any document of a platform, and not so deep that a cycle would exhaust the stack.
    MAX_DEPTH = 100

    class << self
      # @param value [Hash, Array, String, Symbol, Integer, Float, Boolean, nil]
      # @param place [String] where the value stands, for errors: `attributes.plan`
      # @param kind [Class] the error's class
      # @return [String] JSON text
      def text(value, place, kind)
        JSON.generate(plain(value, place, kind, 0))
      end

      # A document that the caller gives as JSON text or as Ruby values.
      def document(value, place, kind)
        value.is_a?(String) ? Text.settled(value, place) : text(value, place, kind)
      end

      # @return [Object] frozen through and through
      def parse(text)
        JSON.parse(text, freeze: true, max_nesting: false)
      end

      private

      def plain(value, place, kind, depth)
        raise kind, "#{place}: nested deeper than #{MAX_DEPTH}" if depth > MAX_DEPTH

        case value
        when nil, true, false, Integer then value
        when String, Symbol then string(value, place, kind)
        when Float then finite(value, place, kind)
        when Hash then object(value, place, kind, depth)
        when Array then value.each_with_index.map { |item, at| plain(item, "#{place}[#{at}]", kind, depth + 1) }
        else raise kind, "#{place}: JSON has no form for #{value.class}; make it text or a number"
        end
      end

      def object(value, place, kind, depth)
        value.each_with_object({}) do |(name, item), object|
          unless name.is_a?(String) || name.is_a?(Symbol)
            raise kind, "#{place}: #{name.inspect} is no name; names are text"
          end

          name = string(name, place, kind)
          raise kind, "#{place}.#{name}: the name is there twice, as String and as Symbol" if object.key?(name)

          object[name] = plain(item, "#{place}.#{name}", kind, depth + 1)
        end
      end

      def string(value, place, kind)
        Text.utf8(value, place)
      rescue InvalidTextError => e
        raise kind, e.message
      end

      def finite(value, place, kind)
        raise kind, "#{place}: JSON has no form for #{value}" unless value.finite?

        value
      end
    end
  end
end
