-- Reading inside the project, with the names that Lua's own library has.

local read_file = ...
local io = {}

local function next_line(file, keep_end)
  if file.position > #file.text then
    return nil
  end
  local stop = file.text:find("\n", file.position, true) or #file.text + 1
  local line = file.text:sub(file.position, keep_end and stop or stop - 1)
  file.position = stop + 1
  return line
end

local function read(file, format)
  format = tostring(format or "l"):gsub("^%*", "")
  if format == "a" then
    local rest = file.text:sub(file.position)
    file.position = #file.text + 1
    return rest
  elseif format == "l" or format == "L" then
    return next_line(file, format == "L")
  elseif format == "n" then
    local line = next_line(file, false)
    return line and tonumber(line)
  end
  error("files are read with the formats a, l, L and n", 3)
end

local methods = {}

function methods.read(file, ...)
  local results = {}
  for index = 1, math.max(1, select("#", ...)) do
    results[index] = read(file, (select(index, ...)))
  end
  return table.unpack(results)
end

function methods.lines(file, format)
  return function()
    return read(file, format)
  end
end

function methods.close()
  return true
end

function io.open(path, mode)
  local text, reason = read_file(path, mode)
  if not text then
    return nil, reason
  end
  return setmetatable({ text = text, position = 1 }, { __index = methods })
end

function io.lines(path, format)
  local file, reason = io.open(path)
  if not file then
    error(reason, 2)
  end
  return file:lines(format)
end

return io
