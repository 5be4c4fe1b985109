-- The functions of `table` loop in C, where no instruction is counted, as often as a length or an argument tells them. A table whose
-- length is made up, or a range that no table can have, would keep them busy for years.

local check = ...
local rawlen, rawget, error, type, tostring, select = rawlen, rawget, error, type, tostring, select
local limit = 10000000

local function honest(list)
  if type(list) == "table" and #list ~= rawlen(list) then
    error("a table with a length of its own making cannot be used here", 3)
  end
end

local function short(first, last)
  if type(first) == "number" and type(last) == "number" and last - first > limit then
    error("the range is too long", 3)
  end
end

for _, name in ipairs({ "insert", "remove", "concat", "unpack" }) do
  local original = table[name]
  table[name] = function(list, ...)
    honest(list)
    if name == "concat" then
      local _, first, last = ...
      short(first or 1, last)
    end
    return original(list, ...)
  end
end

-- An order that is not Lua's own code is counted by a call of it; two long texts take long to compare.
local sort = table.sort
local function less(one, other)
  return one < other
end
table.sort = function(list, before)
  honest(list)
  before = before or less
  return sort(list, type(before) == "function" and function(one, other)
    return before(one, other)
  end or before)
end

local move = table.move
table.move = function(list, first, last, ...)
  short(first, last)
  return move(list, first, last, ...)
end

-- Nothing, again and again, takes no memory that would be counted.
local rep = string.rep
string.rep = function(text, count, ...)
  if type(count) == "number" and count > limit and #tostring(text) == 0 and #tostring(... or "") == 0 then
    return ""
  end
  return rep(text, count, ...)
end

-- An error that says that the file takes too long may be caught, but what catches it does not go on. Until the stack is unwound nothing
-- is counted: so what handles an error runs behind that, and no coroutine dies of an error before it has closed what it has to close.
local function checked(...)
  check()
  return ...
end

local function guarded(original)
  return function(...)
    check()
    return checked(original(...))
  end
end

local pcall = guarded(pcall)
_G.pcall = pcall

local function handled(handler, success, ...)
  if success then
    return true, ...
  end
  return false, (select(2, pcall(handler, ...)))
end

function xpcall(called, handler, ...)
  if type(handler) ~= "function" then
    error("bad argument #2 to 'xpcall' (function expected)", 2)
  end
  return handled(handler, pcall(called, ...))
end

local create, resume = coroutine.create, guarded(coroutine.resume)
coroutine.resume = resume
coroutine.close = guarded(coroutine.close)

local function settled(success, ...)
  if success then
    return ...
  end
  error((...), 0)
end

function coroutine.create(body)
  return create(type(body) == "function" and function(...)
    return settled(pcall(body, ...))
  end or body)
end

function coroutine.wrap(body)
  local thread = coroutine.create(body)
  return function(...)
    return settled(resume(thread, ...))
  end
end

-- Finalizers run uncounted.
local set = setmetatable
function setmetatable(object, metatable)
  if type(metatable) == "table" and rawget(metatable, "__gc") ~= nil then
    error("a table cannot have a finalizer here", 2)
  end
  return set(object, metatable)
end
