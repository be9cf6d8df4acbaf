# frozen_string_literal: true

# All tests: ruby -Ilib -Itest test/all.rb
Dir[File.join(__dir__, "*_test.rb")].each { |file| require file }
